"""The system base Thespian's ``ActorSystem`` sees: its calls, translated for the engine."""

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from thespian.actors import ActorAddress, ActorSystem, ThespianGeneration
from thespian.system.timing import timePeriodSeconds

from runtime.engine.address import EngineAddress
from runtime.engine.order import Order
from runtime.engine.outside import Outside

if TYPE_CHECKING:
    from runtime.engine.engine import Engine


SYSTEM_ADDRESS = ActorAddress("/ActorSys")
"""Thespian's name for whatever answers for the system itself."""


class Endpoint:
    """One inbox outside the engine: the system's own, or a private one."""

    def __init__(self, engine: "Engine") -> None:
        self.engine = engine
        self.outside = Outside(engine)

    def newPrimaryActor(
        self,
        spec: Any,
        requirements: dict[str, Any] | None,
        global_name: str | None,
        source_hash: str | None = None,
    ) -> ActorAddress:
        """Make an actor without a parent, or find the one of that global name."""
        return self.engine.create_primary(Order(spec, requirements, global_name, source_hash))

    def tell(self, address: ActorAddress, message: object) -> None:
        """Send."""
        message = self.engine.passed(message)
        if address == SYSTEM_ADDRESS:
            address = self.engine.address
        if isinstance(address, EngineAddress):
            address.cell.post(message, self.outside.address)
        else:
            self.engine.dead_letters.post(address, message, self.outside.address)

    def ask(self, address: ActorAddress, message: object, timeout: timedelta | float | None) -> object:
        """Send, and wait for any message to this inbox."""
        self.tell(address, message)
        return self.listen(timeout)

    def listen(self, timeout: timedelta | float | None) -> object:
        """Wait for any message to this inbox."""
        return self.outside.listen(None if timeout is None else timePeriodSeconds(timeout))

    def exit_context(self) -> None:
        """The end of a private endpoint: nothing to do."""


def system_capabilities() -> dict[str, Any]:
    """What every system of this engine offers."""
    return {
        "Python Version": tuple(sys.version_info),
        "Thespian Generation": ThespianGeneration,
        "Thespian Version": "1",  # of what one process does not have: other systems of another age
        "Thespian ActorSystem Name": "quaero",
        "Thespian ActorSystem Version": 1,
        "Thespian Watch Supported": True,
        "AllowRemoteActorSources": "No",
    }


class QuaeroSystemBase(Endpoint):
    """The system base. Its capabilities are the very object the ActorSystem is given."""

    def __init__(self, engine: "Engine") -> None:
        super().__init__(engine)
        self.capabilities = engine.capabilities

    def external_clone(self) -> Endpoint:
        """An inbox of its own, for ``private()``."""
        return Endpoint(self.engine)

    def shutdown(self) -> None:
        """Close the engine."""
        self.engine.close(self.engine.config.close_seconds)

    def updateCapability(self, name: str, value: object = None) -> None:
        """Change what the system offers."""
        self.engine.update_capability(name, value)

    def loadActorSource(self, source: Any) -> str:
        """Load a source."""
        return self.engine.sources.load(source)

    def unloadActorSource(self, source_hash: str) -> None:
        """Forget a source."""
        self.engine.sources.unload(source_hash)

    def _handleDeadLetters(self, address: ActorAddress, enable: bool) -> None:  # noqa: FBT001 (Thespian's)
        self.engine.dead_letters.handle(address, enable=enable)


def engine_of(system: ActorSystem) -> "Engine":
    """The engine below the ActorSystem.

    Raises:
        TypeError: it was not opened by ``open_system``, or it is shut down.
    """
    base = system._systemBase
    if not isinstance(base, Endpoint):
        raise TypeError(f"{system!r} is not an open system of this engine (it has {base!r}); see open_system")
    return base.engine
