"""Looks at every state that a small world can reach, each once, the nearest first.

After every action the judge is asked. When all states are known, it is checked that from each of them everything can
end without another fault, and that nothing stands still before it has: every parent ends.
"""

import hashlib
from collections import deque
from pathlib import Path
from typing import Any

import msgspec

from actors.states import Move, Transition
from tests.exhaustive.actions import Action, actions
from tests.exhaustive.doing import act
from tests.exhaustive.judge import Violation, judge, judge_the_end, open_ones
from tests.exhaustive.picture import picture_of
from tests.exhaustive.scope import Scope
from tests.exhaustive.world import State, World

Digest = bytes


class Found(msgspec.Struct):
    """What an exploration has seen."""

    name: str
    states: int = 0
    actions: int = 0
    ends: int = 0
    transitions: set[Transition] = set()
    moves: set[Move] = set()
    names: set[str] = set()


class _Node(msgspec.Struct):
    """A state that was reached, and how."""

    state: State
    saved: tuple[list[tuple[Any, ...]], ...] | None
    before: Digest | None
    action: Action | None
    ended: bool = False
    leads_to: list[Digest] = []  # without a fault


def explore(scope: Scope, directory: Path, *, most: int = 1 << 30) -> Found:
    """Explore the whole scope.

    Raises:
        Violation: something does not hold; its text has the actions that lead there.
    """
    world = World(directory, scope)
    try:
        return _Exploration(world, most).run()
    finally:
        world.close()


class _Exploration:
    def __init__(self, world: World, most: int) -> None:
        self.world = world
        self.most = most
        self.found = Found(world.scope.name)
        self.nodes: dict[Digest, _Node] = {}
        self.queue: deque[Digest] = deque()

    def run(self) -> Found:
        world = self.world
        first = world.first()
        self._reach(first, None, None)
        while self.queue:
            self._expand(self.queue.popleft())
            if len(self.nodes) > self.most:
                raise Violation(f"{self.world.scope.name!r} has more than {self.most} states")
        self._judge_ends()
        self.found.states = len(self.nodes)
        self.found.ends = sum(node.ended for node in self.nodes.values())
        self.found.moves |= world.connection.met
        return self.found

    def _reach(self, state: State, before: Digest | None, action: Action | None) -> Digest:
        """The state that the world is in now, whether it was known or not."""
        rows = self.world.rows()
        picture = picture_of(self.world, state, rows)
        digest = hashlib.blake2b(repr(picture).encode(), digest_size=16).digest()
        if digest not in self.nodes:
            ended = state.submitted and bool(rows.jobs) and not open_ones(rows)
            self.nodes[digest] = _Node(state, self.world.saved(), before, action, ended, [])
            if ended and (broken := judge_the_end(rows)):
                raise self._told("; ".join(broken), digest)
            self.queue.append(digest)
        return digest

    def _expand(self, digest: Digest) -> None:
        world, node = self.world, self.nodes[digest]
        assert node.saved is not None
        world.load(node.saved)
        node.saved = None
        before = world.rows()
        for action in actions(world, node.state, before):
            self.found.actions += 1
            self.found.names.add(action.name)
            try:
                after = act(world, node.state, action)
                transitions, moves = judge(world, node.state, before, action, world.rows())
                self.found.transitions |= transitions
                self.found.moves |= moves
            except Exception as error:
                raise self._told(f"{type(error).__name__}: {error}", digest, action) from error
            reached = self._reach(after, digest, action)
            if not action.fault:
                node.leads_to.append(reached)
            world.back()

    def _judge_ends(self) -> None:
        """From every state an end is reached without another fault."""
        leading: dict[Digest, list[Digest]] = {}
        for digest, node in self.nodes.items():
            for after in node.leads_to:
                leading.setdefault(after, []).append(digest)
        good = {digest for digest, node in self.nodes.items() if node.ended}
        waiting = list(good)
        while waiting:
            for digest in leading.get(waiting.pop(), ()):
                if digest not in good:
                    good.add(digest)
                    waiting.append(digest)
        for digest in self.nodes:
            if digest not in good:
                raise self._told("from here nothing leads to an end", digest)

    def _told(self, text: str, digest: Digest, action: Action | None = None) -> Violation:
        path = [] if action is None else [action]
        at: Digest | None = digest
        while at is not None:
            node = self.nodes[at]
            path += [node.action] if node.action is not None else []
            at = node.before
        lines = "\n  ".join(str(each) for each in reversed(path))
        return Violation(f"{self.world.scope.name}: {text}\nafter\n  {lines}")
