"""Addresses of this engine: one object per actor, hashable, and a direct way to the actor's cell."""

from typing import TYPE_CHECKING, Any, Self

from thespian.actors import ActorAddress

if TYPE_CHECKING:
    from runtime.engine.receiver import Receiver


class EngineAddress(ActorAddress):
    """Where a message goes. Copies of it, also deep ones, are itself: a cell has one address object."""

    __slots__ = ("cell", "number")

    def __init__(self, cell: "Receiver", number: int) -> None:
        self.cell = cell
        self.number = number

    @property
    def addressDetails(self) -> str:
        """Unique among all engines of the process."""
        return f"{self.cell.engine_name}:{self.number}"

    @property
    def actorAddressString(self) -> str:
        """For display, as Thespian has it."""
        return self.addressDetails

    def __str__(self) -> str:
        return f"ActorAddr-{self.addressDetails}"

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    __hash__ = object.__hash__

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> Any:
        raise TypeError(
            f"{self} is an address of this process; encode messages with actors.encoding, never pickle"
        )
