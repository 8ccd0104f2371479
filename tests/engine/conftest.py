"""Engines for the tests, which must leave no thread behind."""

import threading
from collections.abc import Iterator

import pytest
from thespian.actors import ActorSystem

from actors.seams import ManualClock
from runtime.engine import EngineConfig, close_system, open_system
from tests.engine.stage import WAIT_SECONDS


@pytest.fixture
def system() -> Iterator[ActorSystem]:
    before = set(threading.enumerate())
    opened = open_system()
    yield opened
    assert close_system(opened, WAIT_SECONDS) == []
    assert set(threading.enumerate()) <= before


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def stepped(clock: ManualClock) -> Iterator[ActorSystem]:
    opened = open_system(EngineConfig(turn_messages=1), clock=clock, stepped=True)
    yield opened
    close_system(opened)
