"""Auth records as a service sets them, for threads and for asyncio. Acknowledged when durable; no value comes back."""

import asyncio
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from actors.job import JobDefinition
from actors.manager import JobManager
from actors.messages import AuthRecordAcknowledged, RemoveAuthRecord, SaveAuthRecord
from actors.worker.crawler.credential import Credential, UnknownCredentialError
from runtime.credentials.record import RecordError, checked_record, read_record
from runtime.credentials.vault import Vault
from runtime.operating import Operator, refused
from runtime.refusal import RefusedError
from runtime.store.reading.reader import StoreReader


class Authentication(Operator):
    """What crawls log in with; a ``Runtime`` is one. Records belong to the store, sealed by the key beside it."""

    @property
    @abstractmethod
    def reader(self) -> StoreReader:
        """Reads the store."""

    @property
    @abstractmethod
    def vault(self) -> Vault:
        """Seals and opens."""

    def add_auth(self, record: Any, *, auth_id: str | None = None, site: str | None = None) -> dict[str, Any]:
        """Keep an auth record, in place of an older one of its id; definitions name it by ``auth_id``.

        Args:
            record: JSON text, or what it decodes to: a list of cookies, or an object with ``cookies``, ``headers``,
                ``bearer_token``, ``site`` and ``id``.
            auth_id: what to call it; None = as it says itself, else as its site.
            site: an origin or a host; None = as it says itself, else the domain of its cookies.

        Returns:
            The record as ``auth_record`` shows it.

        Raises:
            RefusedError: it is none.
            CredentialError: the key can not be used.
        """
        request, shown = self._sealed(record, auth_id, site)
        _acknowledged(self._ask(request))
        return shown

    async def add_auth_async(
        self, record: Any, *, auth_id: str | None = None, site: str | None = None
    ) -> dict[str, Any]:
        """``add_auth`` for asyncio."""
        request, shown = await asyncio.to_thread(self._sealed, record, auth_id, site)
        _acknowledged(await self._ask_async(request))
        return shown

    def auth_records(self) -> list[dict[str, Any]]:
        """All records without what is secret: id, site, created_at, updated_at."""
        return self.reader.auth_records()

    async def auth_records_async(self) -> list[dict[str, Any]]:
        """``auth_records`` for asyncio."""
        return await asyncio.to_thread(self.auth_records)

    def auth_record(self, auth_id: str) -> dict[str, Any]:
        """What is in a record, without the values.

        Raises:
            CredentialError: there is none of that id, or it can not be opened.
        """
        return shown_record(self.vault.open(auth_id))

    async def auth_record_async(self, auth_id: str) -> dict[str, Any]:
        """``auth_record`` for asyncio."""
        return await asyncio.to_thread(self.auth_record, auth_id)

    def remove_auth(self, auth_id: str) -> bool:
        """Forget a record; returns whether there was one."""
        return _acknowledged(self._ask(RemoveAuthRecord(auth_id)))

    async def remove_auth_async(self, auth_id: str) -> bool:
        """``remove_auth`` for asyncio."""
        return _acknowledged(await self._ask_async(RemoveAuthRecord(auth_id)))

    def _sealed(
        self, record: Any, auth_id: str | None, site: str | None
    ) -> tuple[SaveAuthRecord, dict[str, Any]]:
        now = self._now_ms() / 1000
        read = read_record if isinstance(record, bytes | str) else checked_record
        try:
            credential = read(record, auth_id=auth_id, site=site, now_seconds=now).credential
        except RecordError as error:
            raise RefusedError(f"{error}{f'; {error.hint}' if error.hint else ''}") from None
        sealed = self.vault.seal(credential)
        return SaveAuthRecord(credential.id, credential.site, sealed), shown_record(credential)

    @abstractmethod
    def _now_ms(self) -> int:
        """Unix milliseconds."""


def shown_record(credential: Credential) -> dict[str, Any]:
    """A record without its values."""
    cookies = [
        {
            "name": each.name,
            "domain": each.domain if each.host_only else f".{each.domain}",
            "path": each.path,
            "expires": each.expires,
            "secure": each.secure,
            "httpOnly": each.http_only,
            "sameSite": each.same_site,
        }
        for each in credential.cookies
    ]
    return {
        "id": credential.id,
        "site": credential.site,
        "cookies": cookies,
        "headers": sorted(credential.headers),
        "bearer_token": bool(credential.bearer_token),
    }


def _acknowledged(reply: Any) -> bool:
    if isinstance(reply, AuthRecordAcknowledged):
        return reply.changed
    raise refused(reply)


def refuse_unknown_records(
    definitions: Iterable[JobDefinition], managers: Mapping[str, type[JobManager]], vault: Vault
) -> None:
    """See that there is every auth record that the steps log in with.

    Raises:
        RefusedError: there is not; which, and what to do.
    """
    for definition in definitions:
        for step in definition.steps:
            manager = managers.get(step.action)
            wanted = manager.auth_ids(step, definition) if manager is not None and step.enabled else ()
            for unknown in vault.unknown(wanted) if wanted else ():
                problem = str(UnknownCredentialError(unknown))
                raise RefusedError(f"definition {definition.id!r}, step {step.name!r}: {problem}")
