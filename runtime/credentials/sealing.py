"""Secrets of webhooks, sealed for the store by the key of its auth records, and opened for those who send."""

from pathlib import Path

import msgspec

from actors.settings import Secret
from actors.worker.crawler.credential import CredentialError
from runtime.credentials.key import make_key, read_key


class SealedSecret(msgspec.Struct, frozen=True):
    """One secret of a webhook."""

    text: str
    until_ms: int | None = None  # it signs no longer than that; None = as long as it is there


_secrets = msgspec.json.Decoder(list[SealedSecret])


def seal_secrets(key_file: Path, secrets: list[SealedSecret]) -> bytes:
    """What the store is to keep.

    Raises:
        CredentialError: there is no key, and none can be made.
    """
    from cryptography.fernet import Fernet

    return Fernet(make_key(key_file)).encrypt(msgspec.json.encode(secrets))


def open_secrets(key_file: Path, sealed: bytes) -> list[SealedSecret]:
    """The secrets, the newest first.

    Raises:
        CredentialError: they can not be opened.
    """
    from cryptography.fernet import Fernet, InvalidToken

    try:
        return _secrets.decode(Fernet(read_key(key_file)).decrypt(sealed))
    except (InvalidToken, ValueError) as error:
        raise CredentialError(
            f"its secrets were sealed by another key than that in {key_file}: put that one back, or set it again"
        ) from error


def signing(secrets: list[SealedSecret], now_ms: int) -> tuple[Secret, ...]:
    """Those that sign now. Pure."""
    return tuple(Secret(each.text) for each in secrets if each.until_ms is None or each.until_ms > now_ms)
