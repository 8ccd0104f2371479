"""What an actor is to be made from."""

from typing import Any, NamedTuple


class Order(NamedTuple):
    """What Thespian's createActor is given."""

    spec: Any  # a class or its name
    requirements: dict[str, Any] | None = None
    global_name: str | None = None
    source_hash: str | None = None
