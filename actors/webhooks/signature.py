"""Secrets and signatures, as https://github.com/standard-webhooks/standard-webhooks has them. Pure, but for chance."""

import base64
import binascii
import hmac
from collections.abc import Iterable

from actors.seams import Random

SECRET_PREFIX = "whsec_"  # noqa: S105 (what every secret begins with)
NEW_BYTES = 32
LEAST_BYTES, MOST_BYTES = 24, 64


class SecretError(ValueError):
    """A text is no secret. The message does not show it."""


def new_secret(random: Random) -> str:
    """A secret that nobody knows."""
    return SECRET_PREFIX + base64.b64encode(random.bits(8 * NEW_BYTES).to_bytes(NEW_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """The key that a secret stands for.

    Raises:
        SecretError: it is none.
    """
    try:
        text = secret.removeprefix(SECRET_PREFIX).rstrip("=")
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(SECRET_PREFIX) or not LEAST_BYTES <= len(key) <= MOST_BYTES:
        raise SecretError(f"is not {SECRET_PREFIX!r} and {LEAST_BYTES} to {MOST_BYTES} bytes in base64")
    return key


def signed_headers(message_id: str, at_seconds: int, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """The headers by which a receiver knows a message: its id, its time, and a signature by each of the secrets.

    Raises:
        SecretError: a secret is none.
    """
    signed = f"{message_id}.{at_seconds}.".encode() + body
    signatures = (
        "v1," + base64.b64encode(hmac.digest(key_of(secret), signed, "sha256")).decode() for secret in secrets
    )
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_seconds),
        "webhook-signature": " ".join(signatures),
    }
