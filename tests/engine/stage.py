"""A system with scripted actors on it."""

from collections.abc import Callable
from itertools import count
from queue import SimpleQueue
from typing import Any, Self

from thespian.actors import ActorSystem

from runtime.engine import close_system, open_system, tell
from tests.engine.scripted import Do, Scripted

WAIT_SECONDS = 100.0


class Stage:
    """Opens a system whose actors find the script and the list of what was seen."""

    def __init__(self, **options: Any) -> None:
        self.script: dict[str, Callable[[Any], Any]] = {}
        self._numbers = count()  # threads that take one at once get different ones
        self.seen: SimpleQueue[Any] = SimpleQueue()
        resources = {"script": self.script, "seen": self.seen}
        self.system: ActorSystem = open_system(resources=resources, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        close_system(self.system)

    def actor(self, actor_class: Any = Scripted) -> Any:
        """A new actor."""
        return self.system.createActor(actor_class)

    def do(self, address: Any, function: Callable[[Any], Any]) -> None:
        """Have the actor run the function."""
        name = f"{function.__name__} {next(self._numbers)}"
        self.script[name] = function
        tell(self.system, address, Do(name))

    def next(self) -> Any:
        """What was seen next."""
        return self.seen.get(timeout=WAIT_SECONDS)
