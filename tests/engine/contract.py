"""Actors of the contract tests: top-level names, because Thespian's processes import them."""

from typing import Any

import msgspec

from actors.receive import Address, BodyFailed, ExitReason, TypedActor


class Message(msgspec.Struct, frozen=True, tag=True):
    pass


class Ping(Message, frozen=True, tag=True):
    number: int


class Pong(Message, frozen=True, tag=True):
    number: int


class Raise(Message, frozen=True, tag=True):
    text: str


class Unheard(Message, frozen=True, tag=True):
    pass


class Die(Message, frozen=True, tag=True):
    pass


class StopYourself(Message, frozen=True, tag=True):
    pass


class MakeChild(Message, frozen=True, tag=True):
    pass


class Child(Message, frozen=True, tag=True):
    address: Address


class StopChild(Message, frozen=True, tag=True):
    address: Address


class TellExits(Message, frozen=True, tag=True):
    pass


class Exits(Message, frozen=True, tag=True):
    reasons: tuple[str, ...]


class AskChild(Message, frozen=True, tag=True):
    address: Address
    timeout_seconds: float
    question: Ping


class NoAnswer(Message, frozen=True, tag=True):
    pass


class StartTimers(Message, frozen=True, tag=True):
    pass


class Tick(Message, frozen=True, tag=True):
    name: str


class TellTicks(Message, frozen=True, tag=True):
    pass


class Ticks(Message, frozen=True, tag=True):
    names: tuple[str, ...]


class RunBody(Message, frozen=True, tag=True):
    dispatcher: str
    failing: bool


class BodyDone(Message, frozen=True, tag=True):
    number: int


class TellResource(Message, frozen=True, tag=True):
    name: str


class Resource(Message, frozen=True, tag=True):
    text: str


class Sequence(Message, frozen=True, tag=True):
    numbers: tuple[int, ...]


class TellSequence(Message, frozen=True, tag=True):
    pass


class Worker(TypedActor):
    """A child."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []

    def receiveMsg_Ping(self, message: Ping, sender: Address) -> None:
        self.seen.append(message.number)
        if message.number >= 0:
            self.reply(Pong(message.number))

    def receiveMsg_Die(self, message: Die, sender: Address) -> None:
        raise SystemExit(1)

    def receiveMsg_StopYourself(self, message: StopYourself, sender: Address) -> None:
        self.stop_self()

    def receiveMsg_Raise(self, message: Raise, sender: Address) -> None:
        raise ValueError(message.text)

    def receiveMsg_TellResource(self, message: TellResource, sender: Address) -> None:
        self.reply(Resource(self.resource(message.name)))

    def receiveMsg_TellSequence(self, message: TellSequence, sender: Address) -> None:
        self.reply(Sequence(tuple(self.seen)))


class Supervisor(TypedActor):
    """A parent that remembers how its children ended."""

    def __init__(self) -> None:
        super().__init__()
        self.reasons: list[str] = []
        self.ticks: list[str] = []
        self.waiting: Any = None

    def receiveMsg_MakeChild(self, message: MakeChild, sender: Address) -> None:
        self.reply(Child(self.spawn(Worker, Ping(-1))))

    def receiveMsg_StopChild(self, message: StopChild, sender: Address) -> None:
        self.stop_child(message.address)

    def child_exited(self, address: Address, reason: ExitReason) -> None:
        self.reasons.append(reason)
        if self.waiting is not None:
            self.send(self.waiting, Exits(tuple(self.reasons)))

    def receiveMsg_TellExits(self, message: TellExits, sender: Address) -> None:
        if self.reasons:
            self.reply(Exits(tuple(self.reasons)))
        else:
            self.waiting = sender

    def receiveMsg_AskChild(self, message: AskChild, sender: Address) -> None:
        self.ask(
            message.address,
            message.question,
            lambda reply: self.send(sender, reply),
            message.timeout_seconds,
            lambda: self.send(sender, NoAnswer()),
        )

    def receiveMsg_StartTimers(self, message: StartTimers, sender: Address) -> None:
        # First due first: each time counts from its own start, and between two starts any time may pass.
        self.timers.start("cancelled", 0.01, Tick("cancelled"))
        self.timers.start("replaced", 0.01, Tick("before"))
        self.timers.start("replaced", 0.02, Tick("after"))
        self.timers.cancel("cancelled")
        self.timers.start("late", 0.05, Tick("late"))
        self.timers.start("end", 0.1, Tick("end"))
        self.waiting = sender

    def receiveMsg_Tick(self, message: Tick, sender: Address) -> None:
        self.ticks.append(message.name)
        if message.name == "end":
            self.send(self.waiting, Ticks(tuple(self.ticks)))

    def receiveMsg_RunBody(self, message: RunBody, sender: Address) -> None:
        self.waiting = sender

        def plain() -> BodyDone:
            if message.failing:
                raise SystemExit("the body wants to go")
            return BodyDone(1)

        async def awaited() -> BodyDone:
            return plain()

        self.run_body(message.dispatcher, awaited if message.dispatcher == "loop" else plain, key=7)

    def receiveMsg_BodyDone(self, message: BodyDone, sender: Address) -> None:
        self.send(self.waiting, message)

    def receiveMsg_BodyFailed(self, message: BodyFailed, sender: Address) -> None:
        self.send(self.waiting, message)
