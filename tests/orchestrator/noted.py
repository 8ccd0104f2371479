"""Orchestrators without an engine: their handlers are called in the order in which the messages could come."""

from collections.abc import Callable
from itertools import count
from typing import Any

from actors.job import Closing, Counts, JobState, LeasedJob, Step
from actors.messages import ParentPicture, StartMonitoring, Wiring
from actors.orchestrator.run import RunOrchestrator
from actors.orchestrator.step import StepOrchestrator
from actors.pace import UNLIMITED
from actors.processor import JobProcessor
from actors.supervisor import RuntimeSupervisor
from actors.worker.contract import WorkerOptions

RUN, STEP, OTHER = 1, 2, 3
JOB = LeasedJob(9, 1, STEP, RUN, "work", "{}", None, 1, 1, 1, 0)
WIRING = Wiring("supervisor", "store", "events", "processor", "scheduler", 30.0, {})


class Worker:
    """A worker type, as far as an orchestrator looks at it."""

    def __init__(self, dispatcher: str) -> None:
        self.options = WorkerOptions(dispatcher=dispatcher)


BY_TURNS, AT_ONCE = Worker("io"), Worker("loop")


class FewAtOnce:
    """A pace that is set by hand, for io; elsewhere there is room for all."""

    def __init__(self, room: int = UNLIMITED) -> None:
        self.now = room
        self.asked: list[tuple[str, int]] = []

    def room(self, dispatcher: str, sharing: int) -> int:
        self.asked.append((dispatcher, sharing))
        return self.now if dispatcher == "io" else UNLIMITED


class NotedTimers:
    """Timers that are only noted."""

    def __init__(self) -> None:
        self.started: dict[str, tuple[float, Any]] = {}

    def start(self, key: str, delay_seconds: float, message: Any) -> None:
        self.started[key] = delay_seconds, message


class Noted:
    """What an actor does to others, noted in order; children have names with numbers."""

    myAddress = "itself"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.noted: list[tuple[Any, Any]] = []
        self._timers: Any = NotedTimers()
        self.stopped_itself = False
        self.ended_children: list[Any] = []
        self.numbers = count(1)
        self.resources: dict[str, Any] = {
            "workers": {"work": BY_TURNS, "slow": AT_ONCE},
            "pace": FewAtOnce(),
        }

    def send(self, address: Any, message: Any) -> None:
        self.noted.append((address, message))

    def reply(self, message: Any) -> None:
        self.noted.append(("the sender", message))

    def spawn(self, cls: type[Any], first_message: Any = None) -> str:
        return f"{cls.__name__} {next(self.numbers)}"

    def resource(self, name: str) -> Any:
        return self.resources.get(name)

    def stop_child(self, address: Any) -> None:
        self.ended_children.append(address)

    def stop_self(self) -> None:
        self.stopped_itself = True

    def sent(self, kind: type[Any]) -> list[tuple[Any, Any]]:
        return [(address, message) for address, message in self.noted if isinstance(message, kind)]


class NotedProcessor(Noted, JobProcessor):
    pass


class NotedSupervisor(Noted, RuntimeSupervisor):
    pass


class NotedRun(Noted, RunOrchestrator):
    pass


class NotedStep(Noted, StepOrchestrator):
    pass


def picture(of: int, state: JobState, closing: Closing | None = None) -> ParentPicture:
    step = Step("only", "act") if of != RUN else None
    return ParentPicture(of, RUN, state, Counts(), named=True, closing=closing, step=step)


def started(make: Callable[[], Any], of: int) -> Any:
    actor = make()
    actor.receiveMsg_StartMonitoring(StartMonitoring(RUN, None if of == RUN else of, WIRING), "parent")
    return actor
