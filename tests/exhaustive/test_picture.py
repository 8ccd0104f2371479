"""What a picture leaves out makes no difference: states that are one by it lead to the same states."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.exhaustive.actions import Action
from tests.exhaustive.explore import Digest, Exploration
from tests.exhaustive.scope import short
from tests.exhaustive.world import Rows, State, World

WORLDS = {scope.name: scope for scope in short()}


class _Comparing(Exploration):
    """Follows not only the first state of each picture, but each state that was taken for one that was known."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._met: list[tuple[Digest, State, bytes, Digest | None, Action | None]] = []
        self._leads: dict[Digest, set[tuple[str, Digest]]] = {}
        self._now: set[tuple[str, Digest]] = set()

    def differences(self) -> list[str]:
        """The states that were taken for one and are not, each with what they have not in common."""
        self.run()
        met, self._met = self._met, []
        broken = []
        for digest, state, saved, before, action in met:
            self._now = set()
            for _ in self._follow(digest, state, saved):
                pass
            odd = sorted(kind for kind, _ in self._now ^ self._leads[digest])
            if odd:
                broken.append(str(self._told(f"here {odd} differ", before, action)))
        return broken

    def _reach(self, state: State, rows: Rows, before: Digest | None, action: Action | None) -> Digest:
        known = len(self._nodes)
        digest = super()._reach(state, rows, before, action)
        if len(self._nodes) == known and not self.found.states:
            self._met.append((digest, state, self.world.saved(), before, action))
        return digest

    def _expand(self, digest: Digest) -> None:
        self._now = self._leads[digest] = set()
        super()._expand(digest)

    def _follow(self, digest: Digest, state: State, saved: bytes) -> Iterator[tuple[Action, Digest]]:
        for action, reached in super()._follow(digest, state, saved):
            self._now.add((f"{action.name} {action.how} {action.fate} {action.fault}", reached))
            yield action, reached


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "name", ["retries after cancels", "rows that are damaged", "every outcome, and every fault"]
)
def test_states_that_are_one_lead_to_the_same_states(name: str, tmp_path: Path) -> None:
    world = World(tmp_path, WORLDS[name])
    try:
        assert _Comparing(world).differences() == []
    finally:
        world.close()
