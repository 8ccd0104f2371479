"""Who wants to know of an actor's end: made with the first of them, because most actors have none."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runtime.engine.bodies import EngineBody
    from runtime.engine.cell import ActorCell
    from runtime.engine.ports import Port


class Interest:
    """The ports that wait for a reply, the watching actors, and the bodies that are cancelled then."""

    __slots__ = ("bodies", "ports", "watchers")

    def __init__(self) -> None:
        self.ports: set[Port] = set()
        self.watchers: list[ActorCell] = []
        self.bodies: set[EngineBody] = set()
