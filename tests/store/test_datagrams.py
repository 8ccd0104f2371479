"""Real sockets in a directory of the test's own."""

import logging
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import pytest

from actors.seams import ManualClock
from runtime.store.concern import Concern
from runtime.store.datagrams import LONGEST_ADDRESS, SocketDoorbell, bell_name
from runtime.store.owner import announced
from tests.embedding.processes import until
from tests.store.driver import StoreDriver

WAIT = 100.0


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A short path for the sockets: that of a test may be too long."""
    with TemporaryDirectory(dir="/tmp") as short:
        monkeypatch.setenv("XDG_RUNTIME_DIR", short)
        yield Path(short)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "jobs.db"
    path.touch()
    return path


class Listener:
    """A doorbell and whether it has rung."""

    def __init__(self, file: Path, owner: int = 1) -> None:
        self.bell = SocketDoorbell()
        self.rung = Event()
        self.rings = 0
        self.address = self.bell.listen(file, owner, self._rung)

    def _rung(self) -> None:
        self.rings += 1
        self.rung.set()


@pytest.fixture
def listener(file: Path) -> Iterator[Listener]:
    made = Listener(file)
    yield made
    made.bell.close()


@pytest.fixture
def ringer() -> Iterator[SocketDoorbell]:
    made = SocketDoorbell()
    yield made
    made.close()


def test_a_ring_is_heard_with_what_it_is_for(listener: Listener, ringer: SocketDoorbell) -> None:
    ringer.ring(listener.address, Concern.STOP)
    assert listener.rung.wait(WAIT)
    assert listener.bell.heard() == Concern.STOP
    assert listener.bell.heard() == Concern(0)


def test_rings_that_were_not_heard_yet_are_one(listener: Listener, ringer: SocketDoorbell) -> None:
    for _ in range(1000):  # many more than the kernel keeps: none of them blocks
        ringer.ring(listener.address, Concern.WORK)
    assert listener.rung.wait(WAIT)
    until(lambda: _rings(ringer, listener, Concern.END), what="the second ring")
    assert (listener.rings, listener.bell.heard()) == (1, Concern.WORK | Concern.END)
    until(lambda: _rings(ringer, listener, Concern.WORK), what="a ring after it was heard")
    until(lambda: listener.rings == 2, what="the second call")  # it comes after the ring was noted


def _rings(ringer: SocketDoorbell, listener: Listener, concern: Concern) -> bool:
    """Ring; and whether that, or an earlier one like it, has arrived."""
    ringer.ring(listener.address, concern)
    return concern in listener.bell._pending


def test_a_closed_bell_leaves_no_socket_and_can_listen_again(
    listener: Listener, ringer: SocketDoorbell, file: Path
) -> None:
    listener.bell.close()
    assert not Path(listener.address).exists()
    ringer.ring(listener.address, Concern.WORK)
    address = listener.bell.listen(file, 2, listener.rung.set)
    ringer.ring(address, Concern.WORK)
    assert listener.rung.wait(WAIT)


def test_the_directory_is_this_users_alone(listener: Listener, place: Path) -> None:
    directory = Path(listener.address).parent
    assert directory == place / "quaero"
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_a_directory_that_others_can_enter_is_not_used(
    place: Path, file: Path, mode: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is a link to one, nor what is no directory; without a place the bell is silent, and says so."""
    spare = place / "spare"
    spare.mkdir()
    (spare / f"quaero-{os.geteuid()}").symlink_to(place)
    monkeypatch.setattr("tempfile.tempdir", str(spare))
    (place / "quaero").mkdir()
    (place / "quaero").chmod(mode)
    with caplog.at_level(logging.WARNING, "quaero.store"):
        silent = Listener(file)
    silent.bell.close()
    assert silent.address == ""
    assert caplog.text.count("not a directory of this user alone") == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_foreign_users_directory_is_refused_for_the_next(
    place: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(place))
    (place / "quaero").mkdir(mode=0o700)
    os.chown(place / "quaero", 12345, 12345)
    other = Listener(file)
    other.bell.close()
    assert Path(other.address).parent == place / "quaero-0"


def test_a_directory_that_is_too_long_for_a_socket_is_passed_over(
    place: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = place / ("x" * LONGEST_ADDRESS)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    monkeypatch.setattr("tempfile.tempdir", str(place))
    other = Listener(file)
    other.bell.close()
    assert Path(other.address).parent.parent == place


def test_the_sockets_of_the_dead_are_removed_by_whoever_rings_them_or_comes_later(
    place: Path, file: Path, ringer: SocketDoorbell
) -> None:
    directory = place / "quaero"
    directory.mkdir(mode=0o700)
    left = [directory / name for name in ("rung", "old", "young", "file")]
    for path in left[:3]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
            dead.bind(str(path))
    left[3].touch()
    for path in (left[1], left[3]):
        os.utime(path, (1, 1))
    ringer.ring(str(left[0]), Concern.WORK)
    listener = Listener(file)
    listener.bell.close()
    assert [path.name for path in left if path.exists()] == ["young", "file"]


def test_a_bell_has_one_name_whatever_way_leads_to_the_store(file: Path) -> None:
    link = file.with_name("link.db")
    link.symlink_to(file)
    assert bell_name(link, 3) == bell_name(file.parent / "." / file.name, 3) != bell_name(file, 4)


def test_an_owner_says_where_its_bell_is_and_a_dead_ones_is_removed(
    tmp_path: Path, clock: ManualClock
) -> None:
    dead = StoreDriver(tmp_path / "jobs.db", clock, doorbell=SocketDoorbell())
    dead.file.listen(Event().set)
    address = announced(dead.path, dead.file.owner)
    assert Path(address).is_socket()
    dead.die()
    other = StoreDriver(tmp_path / "jobs.db", clock)
    other.tend()
    assert not Path(address).exists()
    other.close()
    dead.file.doorbell.close()


def test_an_owner_that_arrives_is_rung_from_then_on(tmp_path: Path, clock: ManualClock) -> None:
    first, rung = StoreDriver(tmp_path / "jobs.db", clock), Event()
    first.file.listen(rung.set)
    second, rung_too = StoreDriver(tmp_path / "jobs.db", clock), Event()
    second.file.listen(rung_too.set)
    assert rung.wait(WAIT)
    assert first.file.heard() == Concern.ARRIVAL
    first.submit()
    assert rung_too.wait(WAIT)
    assert second.file.heard() == Concern.WORK
    second.close()
    first.close()
