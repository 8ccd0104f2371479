"""The disk is full for a while: what was acknowledged is kept, what was not is absent, and work resumes by itself."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

from tests.embedding.processes import kill_group, until
from tests.outside.acknowledged import acknowledged, faults_of_diaries, start_service
from tests.outside.disks import Disk, FileLimit, Tmpfs
from tests.outside.service import Diary
from tests.terminal.judge import Judge, faults_at_rest

STILL_SECONDS = 1.0
DOCUMENT_BYTES = 8000


@pytest.fixture(params=["tmpfs", "limit"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """A small disk."""
    try:
        made: Disk = Tmpfs(tmp_path / "disk") if request.param == "tmpfs" else FileLimit(tmp_path / "disk")
    except (subprocess.CalledProcessError, FileNotFoundError):
        pytest.skip("a tmpfs can not be mounted here; the limit on the size of files stands for it")
    yield made
    made.remove()


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    """The client's diary is on another disk."""
    return tmp_path / "client.log"


def filled(disk: Disk, diary: Path) -> "subprocess.Popen[bytes]":
    """A service that has submitted until nothing is acknowledged any more."""
    service = start_service(disk.directory / "jobs.db", diary, document_bytes=DOCUMENT_BYTES)
    disk.hold(service)
    until(lambda: acknowledged(diary) > 0, what="the first acknowledgement")
    wait_until_full(disk, diary)
    assert service.poll() is None
    return service


def wait_until_full(disk: Disk, diary: Path) -> None:
    """Until nothing more fits, and a second passes without an answer to the submit that waits for one.

    A second alone may also pass because the machine is busy, with much room left.
    """
    last, since = 0, monotonic()

    def full_and_still() -> bool:
        nonlocal last, since
        intents, acks = Diary.read(diary)
        if len(acks) != last or not disk.full():
            last, since = len(acks), monotonic()
        return intents.keys() > acks.keys() and monotonic() - since > STILL_SECONDS

    until(full_and_still, seconds=100, what="the disk's end")


def test_work_resumes_by_itself_when_there_is_room_again(disk: Disk, diary: Path) -> None:
    service, store = filled(disk, diary), disk.directory / "jobs.db"
    try:
        before = acknowledged(diary)
        disk.free(service)
        until(lambda: acknowledged(diary) > before, what="an acknowledgement")
        (disk.directory / "enough").touch()
        assert service.wait(100) == 0
    finally:
        if service.poll() is None:
            kill_group(service)

    assert_whole(store, diary)
    intents, acks = Diary.read(diary)
    assert intents.keys() == acks.keys(), "nothing was refused: it waited"


def test_what_was_not_acknowledged_is_absent_when_the_process_dies_on_the_full_disk(
    disk: Disk, diary: Path
) -> None:
    service, store = filled(disk, diary), disk.directory / "jobs.db"
    kill_group(service)

    # Another one comes while the disk is full: it may wait or give up, but it acknowledges nothing that is not so.
    second = start_service(store, diary, document_bytes=DOCUMENT_BYTES)
    disk.hold(second)
    Event().wait(STILL_SECONDS)  # nothing is waited for: it has time to do something wrong
    if second.poll() is None:
        kill_group(second)
    disk.free(None)
    with Judge(store) as judge:
        there = {row[0] for row in judge.rows("SELECT name FROM job WHERE kind = 'run'")}
    intents, acks = Diary.read(diary)
    assert acks.keys() <= there
    assert there <= intents.keys()
    (disk.directory / "enough").touch()
    assert start_service(store, diary, document_bytes=DOCUMENT_BYTES).wait(100) == 0
    assert_whole(store, diary)


def assert_whole(store: Path, diary: Path) -> None:
    """The store is sound, has all that was acknowledged, and all of it is done."""
    assert faults_at_rest(store) == []
    assert faults_of_diaries(store, diary) == []
    with Judge(store) as judge:
        assert judge.value("PRAGMA integrity_check") == "ok"
        assert judge.rows("SELECT DISTINCT state FROM job") == [("completed",)]
