"""Who is shown what of a parent."""

from typing import Any

from actors.messages import ParentPicture
from runtime.store.pictures import MAX_WATCHERS, Pictures
from runtime.store.rows import read_parents
from tests.store.driver import StoreDriver, specs


def test_an_orchestrator_that_asks_late_takes_nothing_from_the_one_in_its_place(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(1))
    new: Any = "the new one"
    old: Any = "the one that is about to end"
    pictures = Pictures()
    pictures.watch(run_id, new)
    pictures.watch(run_id, old)
    pictures.watch(run_id, old)
    connection = store.file.connection
    shown = list(pictures.of(connection, read_parents(connection, [run_id])))
    assert [watcher for watcher, _ in shown] == [new, old]
    assert all(isinstance(picture, ParentPicture) for _, picture in shown)


def test_of_many_that_ask_after_one_parent_the_latest_are_shown_it(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(1))
    pictures = Pictures()
    for number in range(10):
        watcher: Any = number
        pictures.watch(run_id, watcher)
    shown = list(pictures.unseen(store.file.connection))
    assert [watcher for watcher, _ in shown] == list(range(10))[-MAX_WATCHERS:]
