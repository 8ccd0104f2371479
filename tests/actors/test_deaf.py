"""How many deaf bodies are too many."""

from actors.deaf import DeafBodies
from actors.job import Lease


def test_a_type_is_held_back_at_its_limit_and_not_before() -> None:
    deaf = DeafBodies()
    deaf.abandoned("a", Lease(1, 1))
    assert deaf.held_back({"a": 2, "b": 1}) == {}
    deaf.abandoned("a", Lease(2, 1))
    assert deaf.held_back({"a": 2, "b": 1}) == {
        "a": "2 bodies of it go on although they were told to end, 2 may"
    }
    deaf.returned("a", Lease(1, 1))
    assert deaf.held_back({"a": 2, "b": 1}) == {}


def test_a_body_that_is_told_of_twice_is_one() -> None:
    deaf = DeafBodies()
    for _ in range(2):
        deaf.abandoned("a", Lease(1, 1))
    assert deaf.held_back({"a": 2}) == {}
    for _ in range(2):
        deaf.returned("a", Lease(1, 1))
    deaf.abandoned("a", Lease(3, 1))
    assert deaf.held_back({"a": 2}) == {}


def test_a_type_without_a_limit_is_never_held_back() -> None:
    deaf = DeafBodies()
    deaf.abandoned("gone", Lease(1, 1))
    assert deaf.held_back({}) == {}
