"""Looks at every state that a small world can reach, each once, the nearest first.

After every action the judge is asked. When all states are known, it is checked that from each of them everything can
end without another fault, and that nothing stands still before it has: every parent ends.
"""

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from actors.states import Move, Transition
from tests.exhaustive.actions import UNDONE, Action, actions
from tests.exhaustive.doing import act
from tests.exhaustive.judge import Violation, judge, judge_the_end, open_ones
from tests.exhaustive.picture import like_others, picture_of
from tests.exhaustive.scope import Scope
from tests.exhaustive.world import Rows, State, World

Digest = bytes
TOLD_EVERY_SECONDS = 30


class Found(msgspec.Struct):
    """What an exploration has seen."""

    name: str
    states: int = 0
    actions: int = 0
    ends: int = 0
    seconds: float = 0.0  # of processor time
    transitions: set[Transition] = set()
    moves: set[Move] = set()
    names: set[str] = set()


class _Node(msgspec.Struct):
    """A state that was reached, and how."""

    before: Digest | None
    action: Action | None
    ended: bool
    place: tuple[State, bytes] | None  # until it was looked at
    leads_to: tuple[Digest, ...] = ()  # without a fault


def explore(scope: Scope, directory: Path, tell: Callable[[str], None] = lambda _: None) -> Found:
    """Explore the whole scope; ``tell`` is told now and then how far it is.

    Raises:
        Violation: something does not hold; its text has the actions that lead there.
    """
    world = World(directory, scope)
    try:
        return Exploration(world, tell).run()
    finally:
        world.close()


class Exploration:
    """All states of one world, as they become known."""

    def __init__(self, world: World, tell: Callable[[str], None] = lambda _: None) -> None:
        self.world = world
        self.found = Found(world.scope.name)
        self._tell = tell
        self._nodes: dict[Digest, _Node] = {}
        self._queue: deque[Digest] = deque()

    def run(self) -> Found:
        """See ``explore``."""
        began, told = time.process_time(), time.monotonic()
        self._reach(self.world.first(), self.world.rows(), None, None)
        while self._queue:
            self._expand(self._queue.popleft())
            if time.monotonic() - told > TOLD_EVERY_SECONDS:
                told = time.monotonic()
                self._tell(f"{self.found.name}: {len(self._nodes)} states, {len(self._queue)} to look at")
        self._judge_ends()
        self.found.states = len(self._nodes)
        self.found.ends = sum(node.ended for node in self._nodes.values())
        self.found.moves |= self.world.connection.met
        self.found.seconds = time.process_time() - began
        return self.found

    def _expand(self, digest: Digest) -> None:
        node = self._nodes[digest]
        assert node.place is not None
        state, saved = node.place
        leads_to = {
            reached: None for action, reached in self._follow(digest, state, saved) if not action.fault
        }
        node.place, node.leads_to = None, tuple(leads_to)

    def _follow(self, digest: Digest, state: State, saved: bytes) -> Iterator[tuple[Action, Digest]]:
        """Do all that may happen in that state, each by itself; what was done, and what is reached by it."""
        world = self.world
        world.load(saved)
        before = world.rows()
        for action in actions(world, state, before, like_others(world, state, before)):
            self.found.actions += 1
            self.found.names.add(action.name)
            try:
                after = act(world, state, action)
                if action.fate in UNDONE:
                    rows = before
                    if not world.is_as(saved):
                        raise Violation("what could not be committed has changed something")
                else:
                    rows = world.rows()
                    transitions, moves = judge(world, state, before, action, rows)
                    self.found.transitions |= transitions
                    self.found.moves |= moves
            except Exception as error:
                raise self._told(f"{type(error).__name__}: {error}", digest, action) from error
            yield action, self._reach(after, rows, digest, action)
            world.back()

    def _reach(self, state: State, rows: Rows, before: Digest | None, action: Action | None) -> Digest:
        """The state that the world is in now, whether it was known or not."""
        picture = picture_of(self.world, state, rows)
        digest = hashlib.blake2b(repr(picture).encode(), digest_size=16).digest()
        ended = state.submitted and bool(rows.jobs) and not open_ones(rows)
        if ended and (broken := judge_the_end(rows)):
            raise self._told("; ".join(broken), before, action)
        if digest not in self._nodes:
            self._nodes[digest] = _Node(before, action, ended, (state, self.world.saved()))
            self._queue.append(digest)
        return digest

    def _judge_ends(self) -> None:
        """From every state an end is reached without another fault."""
        leading: dict[Digest, list[Digest]] = {}
        for digest, node in self._nodes.items():
            for after in node.leads_to:
                leading.setdefault(after, []).append(digest)
        good = {digest for digest, node in self._nodes.items() if node.ended}
        waiting = list(good)
        while waiting:
            for digest in leading.get(waiting.pop(), ()):
                if digest not in good:
                    good.add(digest)
                    waiting.append(digest)
        for digest in self._nodes:
            if digest not in good:
                raise self._told("from here nothing leads to an end", digest)

    def _told(self, text: str, digest: Digest | None, action: Action | None = None) -> Violation:
        path = [] if action is None else [action]
        at = digest
        while at is not None:
            node = self._nodes[at]
            path += [node.action] if node.action is not None else []
            at = node.before
        lines = "\n  ".join(str(each) for each in reversed(path))
        return Violation(f"{self.found.name}: {text}\nafter\n  {lines}")
