import os
import stat
import threading
from pathlib import Path

import pytest

from actors.worker.crawler.credential import CredentialError
from runtime.credentials.key import MissingKeyError, make_key, read_key


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.d" / "auth.key"
    old = os.umask(0)
    try:
        key = make_key(path)
    finally:
        os.umask(old)

    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    assert make_key(path) == read_key(path) == key
    assert [each.name for each in path.parent.iterdir()] == ["auth.key"]


def test_those_who_make_it_at_once_have_the_same(tmp_path: Path) -> None:
    path, ready, keys = tmp_path / "auth.key", threading.Barrier(8), []

    def make() -> None:
        ready.wait()
        keys.append(make_key(path))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert set(keys) == {read_key(path)}


@pytest.mark.parametrize("wrong", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_key_that_others_can_get_at_is_refused(tmp_path: Path, wrong: int) -> None:
    path = tmp_path / "auth.key"
    make_key(path)
    path.chmod(wrong)

    for use in (read_key, make_key):
        with pytest.raises(CredentialError, match=f"mode 0{wrong:o}; `chmod 600 "):
            use(path)


def test_a_key_that_is_not_there_is_told_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(MissingKeyError, match="quaero auth add"):
        read_key(tmp_path / "auth.key")


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 45])
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "auth.key"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(CredentialError, match="is no key"):
        make_key(path)
    assert path.read_bytes() == content


def test_a_directory_or_a_place_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match="is no file"):
        read_key(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(CredentialError, match="can not be"):
        make_key(tmp_path / "file" / "auth.key")
