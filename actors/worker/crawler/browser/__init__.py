"""Pages made by scripts, seen through a real browser: Playwright drives the system's Chromium.

- ``chromium``  where it is, and how it is started
- ``session``   the one browser of a runtime: started when it is needed, anew when it has died
- ``gate``      the proxy that all requests of one page go through, which judges where they lead
- ``heads``     the heads of proxied requests and answers (pure)
- ``page``      one page: what it may do, and what is taken of it
- ``rendering`` BrowserFetcher: the crawl's fetcher, for steps with ``render = "browser"``
"""
