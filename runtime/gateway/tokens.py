"""Tokens: what clients present. Only hashes are kept, and they are compared in constant time."""

import hashlib
import hmac
from enum import IntEnum

import msgspec


class Role(IntEnum):
    """What a client may do. Each role may also do what those before it may."""

    NONE = 0
    READ = 1
    OPERATE = 2


class Token(msgspec.Struct, frozen=True):
    """One token that is accepted."""

    name: str
    sha256: str  # of the token's text, hexadecimal
    role: Role = Role.OPERATE

    def __repr__(self) -> str:
        return f"<Token({self.name!r}, {self.role.name})>"


def token_hash(token: str) -> str:
    """What is kept of a token. It is drawn at random, so that no slow hash is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def role_of(presented: str, tokens: tuple[Token, ...]) -> Role:
    """The role of whoever presents that token; NONE if it is none of these."""
    found = Role.NONE
    digest = token_hash(presented)
    for token in tokens:  # all of them: how long it takes tells nothing
        if hmac.compare_digest(digest, token.sha256.lower()):
            found = max(found, token.role)
    return found
