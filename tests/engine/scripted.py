"""An actor that does what a test's functions say, and tells what it saw."""

from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import msgspec
from thespian.actors import ActorExitRequest

from actors.receive import Address, BodyFailed, ExitReason, TypedActor


class Do(msgspec.Struct, frozen=True, tag=True):
    """Call the function of that name of the resource "script" with the actor."""

    name: str


class Note(msgspec.Struct, frozen=True, tag=True):
    """Put it into the resource "seen"."""

    text: str


class Scripted(TypedActor):
    def receiveMsg_Do(self, message: Do, sender: Address) -> Any:
        script: dict[str, Callable[[Scripted], Any]] = self.resource("script")
        return script[message.name](self)

    def receiveMsg_Note(self, message: Note, sender: Address) -> None:
        self.saw(message.text)

    def receiveMsg_BodyFailed(self, message: BodyFailed, sender: Address) -> None:
        self.saw(f"failed {message.error_type} {message.key}")

    def child_exited(self, address: Address, reason: ExitReason) -> None:
        self.saw(f"exited {reason}")

    def saw(self, text: object) -> None:
        seen: SimpleQueue[object] = self.resource("seen")
        seen.put(text)


class StoreScripted(Scripted):
    dispatcher = "store"


class IoScripted(Scripted):
    dispatcher = "io"


class LoopScripted(Scripted):
    dispatcher = "loop"

    async def receiveMsg_Do(self, message: Do, sender: Address) -> Any:
        result = super().receiveMsg_Do(message, sender)
        if hasattr(result, "__await__"):
            await result


class HearsExit(Scripted):
    def receiveMsg_ActorExitRequest(self, message: ActorExitRequest, sender: Address) -> None:
        self.saw("asked to exit")
