"""The crawler's trade: everything about URLs, HTTP and HTML that ``crawler_url`` puts together.

- ``config``       the configuration of a crawl step, and what is wrong with one
- ``seeds``        the first URLs of a crawl
- ``scope``        where a crawl may go
- ``urls``         one spelling per URL; origins
- ``patterns``     include and exclude patterns, linear in time
- ``addresses``    which network addresses a crawl may connect to
- ``fetch``        Fetcher: one page over HTTP
- ``http``         one bounded GET with aiohttp; the only module here that does I/O
- ``errors``       why a page could not be fetched
- ``decompress``   gzip and deflate, never more than a limit
- ``charset``      bytes to text
- ``media_types``  what is a page, what is text, what is neither
- ``retry_after``  which failures pass, and when
- ``defuse``       HTML that is cheap to parse, whatever it was before
- ``elements``     what HTML's elements do to each other, for ``defuse``
- ``grid``         how large tables may become, for ``defuse``
- ``reading``      a page without keeping the loop busy
- ``parsed``       what is kept of a page
- ``page``         title, metadata and links of a page
- ``links``        the links of a parsed page
- ``markdown``     the text of a page

All but ``fetch`` and ``http`` are pure. This module imports nothing.
"""
