"""Credential: what a crawl shows to a site to be let in; and where a worker gets one. Pure.

A credential is opened for one attempt and lives in its memory alone: no payload, result, document, log line, event or
error text has anything of it but its id.
"""

from typing import Protocol
from urllib.parse import urlsplit

import msgspec

from actors.worker.crawler.cookies import Cookie


class Credential(msgspec.Struct, frozen=True):
    """An opened record. Cookies go where each says; headers and token to the site alone."""

    id: str
    site: str  # an origin, as in https://jira.example.com: nothing else gets headers and token
    cookies: tuple[Cookie, ...] = ()
    headers: dict[str, str] = {}
    bearer_token: str = ""

    def __repr__(self) -> str:
        return f"<Credential({self.id!r}, site={self.site!r})>"

    def headers_for(self, url: str) -> dict[str, str]:
        """The headers for a normalised URL; none for other sites, and none over http if the site is one of https."""
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}" != self.site:
            return {}
        token = {"Authorization": f"Bearer {self.bearer_token}"} if self.bearer_token else {}
        return {**token, **self.headers}


class CredentialError(Exception):
    """A credential can not be had; the message says why and what to do, and nothing that is secret."""


class UnknownCredentialError(CredentialError):
    """There is no record of that id."""

    def __init__(self, auth_id: str) -> None:
        super().__init__(
            f"there is no auth record {auth_id[:200]!r}: add it with `quaero auth add FILE --id {auth_id[:200]}`,"
            " or take auth_id out of the definition"
        )


class CredentialSource(Protocol):
    """Where credentials come from: the resource "crawl_credentials". The composition root has one on the store."""

    async def credential(self, auth_id: str) -> Credential:
        """The record of that id, opened.

        Raises:
            UnknownCredentialError: there is none.
            CredentialError: it can not be opened: the key is gone, or not this record's.
        """
        ...
