"""The crawler's trade: everything about URLs, HTTP and HTML that ``crawler_url`` puts together.

- ``config``        the configuration of a crawl step, and what is wrong with one
- ``seeds``         the first URLs of a crawl
- ``scope``         where a crawl may go
- ``urls``          one spelling per URL; origins
- ``patterns``      include and exclude patterns, linear in time
- ``pages``         the job of one page: what it is given, what it gives back
- ``approach``      gets the page a job is of
- ``visit``         what becomes of a page that was got
- ``addresses``     which network addresses a crawl may connect to
- ``fetch``         Fetcher: one page over HTTP; PageFetcher: what a crawl needs of whatever fetches
- ``http``          one bounded GET with aiohttp; the only module here that does I/O
- ``pace``          how far apart requests to one host are sent
- ``user_agent``    how the crawler introduces itself
- ``credential``    what is shown to a site to be let in, and where a worker gets it
- ``cookies``       which cookies a request carries
- ``visitor``       a credential, and the cookies that the site has set since
- ``robots``        what a site's robots.txt says
- ``sitemaps``      the job that reads sitemaps; ``sitemap_file`` reads one
- ``revisit``       a page that was crawled before: what is remembered of it
- ``errors``        why a page could not be fetched
- ``decompress``    gzip and deflate, never more than a limit
- ``charset``       bytes to text
- ``media_types``   what is a page, what is text, what is neither
- ``retry_after``   which failures pass, and when
- ``defuse``        HTML that is cheap to parse, whatever it was before
- ``elements``      what HTML's elements do to each other, for ``defuse``
- ``grid``          how large tables may become, for ``defuse``
- ``reading``       a page without keeping the loop busy
- ``parsed``        what is kept of a page
- ``page``          title, metadata and links of a page
- ``links``         the links of a parsed page
- ``main_content``  the main part of a page
- ``markdown``      the text of a page

All but ``approach``, ``fetch``, ``http``, ``pace`` and ``robots`` are pure. This module imports nothing.
"""
