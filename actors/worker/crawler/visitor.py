"""Visitor: who visits a site during one attempt: the credential, and the cookies the site has set since."""

from collections.abc import Mapping
from http.cookies import Morsel

from actors.worker.crawler.cookies import Cookie, CookieJar
from actors.worker.crawler.credential import Credential


class Visitor:
    """One for each attempt: what the site sets is known to the redirects of that page and forgotten with them."""

    def __init__(self, credential: Credential | None = None) -> None:
        self.credential = credential
        self._jar = CookieJar(credential.cookies if credential is not None else ())

    def __repr__(self) -> str:
        return f"<Visitor({self.credential!r}, {self._jar!r})>"

    def headers(self, url: str, now_seconds: float) -> dict[str, str]:
        """What is sent to a normalised URL beside the crawler's own headers."""
        sent = self.credential.headers_for(url) if self.credential is not None else {}
        cookies = self._jar.header(url, now_seconds)
        return {**sent, "Cookie": cookies} if cookies else sent

    def cookies(self, url: str, now_seconds: float) -> list[Cookie]:
        """The cookies for a normalised URL, for a client that keeps its own jar."""
        return self._jar.for_url(url, now_seconds)

    def every_cookie(self, now_seconds: float) -> list[Cookie]:
        """All cookies that have not expired, for a client that sends each where it belongs."""
        return self._jar.every(now_seconds)

    def take(self, url: str, answer: Mapping[str, "Morsel[str]"], now_seconds: float) -> bool:
        """Keep what the site set with its answer; returns whether that changed what is sent."""
        return self._jar.take(url, answer, now_seconds)
