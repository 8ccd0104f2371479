"""Time and chance."""

import pytest

from actors.seams import ManualClock, SeededRandom, SystemClock, SystemRandom


def test_a_manual_clock_stands_still_until_it_is_advanced() -> None:
    clock = ManualClock(wall_ms=1000, boottime_ms=50)
    assert (clock.wall_ms(), clock.monotonic(), clock.boottime_ms()) == (1000, 0.0, 50)
    clock.advance(seconds=2, minutes=1)
    assert (clock.wall_ms(), clock.monotonic(), clock.boottime_ms()) == (63_000, 62.0, 62_050)


def test_a_manual_clock_tells_its_subscribers_until_they_leave() -> None:
    clock, moves = ManualClock(), []
    leave = clock.subscribe(lambda: moves.append(clock.monotonic()))
    clock.advance(1)
    leave()
    clock.advance(1)
    assert moves == [1.0]


def test_the_wall_clock_may_jump_without_the_others() -> None:
    clock = ManualClock(wall_ms=10_000)
    clock.advance(5)
    clock.set_wall_ms(3_000)
    assert (clock.wall_ms(), clock.monotonic()) == (3_000, 5.0)
    clock.advance(1)
    assert clock.wall_ms() == 4_000


def test_a_reboot_restarts_the_boot_clock_under_another_name() -> None:
    clock = ManualClock(boottime_ms=99)
    clock.advance(5)
    clock.reboot("second")
    clock.advance(1)
    assert (clock.boottime_ms(), clock.boot_id(), clock.monotonic()) == (1_000, "second", 6.0)


def test_a_clock_is_never_turned_back() -> None:
    with pytest.raises(ValueError, match="advances by 0 seconds or more, got -1"):
        ManualClock().advance(-1)


def test_the_system_clock_agrees_with_the_machine() -> None:
    clock = SystemClock()
    assert clock.wall_ms() > 1_700_000_000_000
    assert clock.monotonic() <= clock.monotonic()
    assert clock.boottime_ms() > 0
    assert clock.boot_id() == SystemClock().boot_id()


def test_seeded_chance_repeats_itself() -> None:
    first, second = SeededRandom(7), SeededRandom(7)
    assert [first.random(), first.uniform(2, 3), first.bits(64)] == [
        second.random(),
        second.uniform(2, 3),
        second.bits(64),
    ]
    assert SeededRandom(8).bits(64) != SeededRandom(7).bits(64)


def test_system_chance_stays_within_its_bounds() -> None:
    chance = SystemRandom()
    assert 0.0 <= chance.random() < 1.0
    assert 2.0 <= chance.uniform(2, 3) <= 3.0
    assert 0 <= chance.bits(8) < 256
