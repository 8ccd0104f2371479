"""What answers at the engine's own address: status requests, and the source authority's verdicts."""

from typing import TYPE_CHECKING, ClassVar

from thespian.actors import ValidatedSource
from thespian.system.messages.status import Thespian_StatusReq, Thespian_SystemStatus

from runtime.engine.address import EngineAddress

if TYPE_CHECKING:
    from runtime.engine.engine import Engine


class Admin:
    """The receiver behind the engine's own address."""

    is_port: ClassVar[bool] = False

    def __init__(self, engine: "Engine") -> None:
        self.engine = engine
        self.address: EngineAddress = EngineAddress(self, next(engine.numbers))

    @property
    def engine_name(self) -> str:
        """Names the engine."""
        return self.engine.name

    def post(self, message: object, sender: EngineAddress | None) -> None:
        """Act on it at once, in the sender's thread."""
        if isinstance(message, ValidatedSource):
            self.engine.sources.validated(message, sender)
        elif isinstance(message, Thespian_StatusReq) and sender is not None:
            sender.cell.post(self._status(), self.address)

    def missing(self, reason: str) -> None:
        """It asks nothing."""

    def _status(self) -> Thespian_SystemStatus:
        engine = self.engine
        status = Thespian_SystemStatus(
            self.address, capabilities=engine.capabilities, inShutdown=engine.closing
        )
        for cell in list(engine.cells):
            if cell.parent is None:
                status.addChild(cell.address)
        for name, address in list(engine.global_names.items()):
            status.addGlobalActor(name, address)
        status.setDeadLetterHandler(engine.dead_letters.handler)
        status.sourceAuthority = engine.sources.authority
        return status
