"""Fingerprints: what tells one request from another that has the same submit key. Pure.

Kept beside the key, so that they last as long as it does. A definition that is named by its id is told by the id:
whoever asks again may do so after its file was changed. One that is handed over, as an object or as a file, is told by
what it says; what has its default does not count, so that a new version of this package changes nothing.
"""

from hashlib import blake2b
from typing import Any

import msgspec

from actors.job import JobDefinition

_BYTES = 16


class Fingerprint:
    """Of what comes piece by piece. Where one piece ends counts."""

    def __init__(self, kind: str) -> None:
        self._hash = blake2b(digest_size=_BYTES, person=kind.encode())

    def __repr__(self) -> str:
        return f"<Fingerprint({self.text})>"

    def add(self, piece: Any) -> None:
        """One more piece: anything that can be written as JSON."""
        self._hash.update(msgspec.json.encode(piece, order="sorted"))
        self._hash.update(b"\n")

    @property
    def text(self) -> str:
        """As it is stored."""
        return self._hash.hexdigest()


def of_text(text: str) -> str:
    """Of what a caller says its request is."""
    found = Fingerprint("text")
    found.add(text)
    return found.text


def of_definition(definition: JobDefinition) -> str:
    """Of what a definition says, in whatever order its keys were."""
    found = Fingerprint("definition")
    found.add(definition)
    return found.text


def of_rerun(job_id: int) -> str:
    """Of a run that is made of an old one."""
    found = Fingerprint("rerun")
    found.add(job_id)
    return found.text
