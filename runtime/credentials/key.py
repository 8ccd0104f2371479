"""The key of a store's auth records: a file of mode 0600, made with the first record and never written again.

It is made whole under another name and linked to its own, so that of two processes that make it at once both have the
same, and none reads half of one. A file that others may read, or that is another user's, is refused.
"""

import os
import stat
from pathlib import Path
from tempfile import mkstemp

from actors.worker.crawler.credential import CredentialError
from runtime.store.owner import lock_directory

KEY_NAME = "auth.key"
KEY_LENGTH = 44
"""Characters: 32 bytes in base64."""


class MissingKeyError(CredentialError):
    """There is no key."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"the key of the auth records is not there: {path}; put it back, or add the records anew by"
            " `quaero auth add FILE`"
        )


def default_key_file(store: Path) -> Path:
    """Where the key is unless the configuration says otherwise: beside the store."""
    return lock_directory(store) / KEY_NAME


def read_key(path: Path) -> bytes:
    """The key.

    Raises:
        CredentialError: it is not there, others may read it, or it is none.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError as error:
        raise MissingKeyError(path) from error
    except OSError as error:
        raise CredentialError(
            f"the key of the auth records can not be read: {path}: {error.strerror}"
        ) from error
    try:
        _refuse_open(path, os.fstat(descriptor))
        key = os.read(descriptor, KEY_LENGTH + 2).strip()
    finally:
        os.close(descriptor)
    if len(key) != KEY_LENGTH:
        raise CredentialError(
            f"{path} is no key of auth records: put the one back that they were added with, or remove it and add them"
            " anew"
        )
    return key


def make_key(path: Path) -> bytes:
    """The key; made if there is none.

    Raises:
        CredentialError: it can neither be read nor made.
    """
    try:
        return read_key(path)
    except MissingKeyError:
        pass
    from cryptography.fernet import Fernet

    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600, made exclusively
        fresh = Path(name)
        try:
            os.write(descriptor, Fernet.generate_key())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass  # another process was first: its key holds
        finally:
            fresh.unlink(missing_ok=True)
        _sync_directory(path.parent)
    except OSError as error:
        raise CredentialError(
            f"the key of the auth records can not be made: {path}: {error.strerror}"
        ) from error
    return read_key(path)


def _refuse_open(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise CredentialError(f"the key of the auth records is no file: {path}")
    if found.st_uid not in {os.geteuid(), 0}:
        raise CredentialError(f"the key of the auth records belongs to another user: {path}")
    if found.st_mode & 0o077:
        raise CredentialError(
            f"others can read the key of the auth records: {path} has mode {found.st_mode & 0o777:04o};"
            f" `chmod 600 {path}`"
        )


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
