"""Vault: seals auth records for the store and opens them for workers. What is sealed says itself whose it is."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import msgspec

from actors.seams import Clock
from actors.worker.crawler.credential import Credential, CredentialError, UnknownCredentialError
from runtime.credentials.key import default_key_file, make_key, read_key
from runtime.store.database import StoreNotFoundError
from runtime.store.reading.auth_records import sealed_record
from runtime.store.reading.shared import SharedReader

KEPT_SECONDS = 5.0
"""How long an opened record is used before it is read anew: a crawl asks for one with every page."""

_credentials = msgspec.json.Decoder(
    Credential
)  # made once: two threads must not be the first to decode to a type


class Vault:
    """The auth records of one store; a ``CredentialSource``."""

    def __init__(
        self, store: Path, reader: SharedReader, clock: Clock, *, key_file: Path | None = None
    ) -> None:
        self.key_file = key_file or default_key_file(store)
        self._reader = reader
        self._clock = clock
        self._open: dict[str, tuple[float, Credential]] = {}

    def __repr__(self) -> str:
        return f"<Vault({str(self.key_file)!r})>"

    def seal(self, credential: Credential) -> bytes:
        """What the store is to keep.

        Raises:
            CredentialError: there is no key, and none can be made.
        """
        from cryptography.fernet import Fernet

        return Fernet(make_key(self.key_file)).encrypt(msgspec.json.encode(credential))

    def open(self, auth_id: str) -> Credential:
        """The record of that id.

        Raises:
            UnknownCredentialError: there is none.
            CredentialError: it can not be opened.
            StoreError: the store can not be read.
        """
        sealed = self._sealed(auth_id)
        if sealed is None:
            raise UnknownCredentialError(auth_id)
        from cryptography.fernet import Fernet, InvalidToken

        try:
            opened = Fernet(read_key(self.key_file)).decrypt(sealed)
            credential = _credentials.decode(opened)
        except (InvalidToken, ValueError) as error:
            raise self._another_key(auth_id) from error
        if credential.id != auth_id:
            raise self._another_key(auth_id)
        return credential

    def unknown(self, auth_ids: Iterable[str]) -> list[str]:
        """Those of the ids that there is no record of."""
        return [each for each in dict.fromkeys(auth_ids) if self._sealed(each) is None]

    async def credential(self, auth_id: str) -> Credential:
        """See ``CredentialSource``."""
        now = self._clock.monotonic()
        kept = self._open.get(auth_id)
        if kept is not None and kept[0] > now:
            return kept[1]
        credential = await asyncio.to_thread(self.open, auth_id)
        self._open[auth_id] = (now + KEPT_SECONDS, credential)
        return credential

    def forget(self) -> None:
        """Keep nothing that is opened."""
        self._open.clear()

    def _sealed(self, auth_id: str) -> bytes | None:
        try:
            return self._reader.read(lambda connection: sealed_record(connection, auth_id))
        except StoreNotFoundError:
            return None

    def _another_key(self, auth_id: str) -> CredentialError:
        return CredentialError(
            f"the auth record {auth_id!r} was sealed by another key than that in {self.key_file}: put that one back,"
            " or add the record anew by `quaero auth add FILE`"
        )
