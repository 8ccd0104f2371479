"""Who plays in the scenes: a manager that names the children of one scene, the subject's body, and its siblings'.

Bodies wait for files, so that they work across processes: a file is a gate, open once it exists.
"""

from pathlib import Path
from threading import Event

import msgspec

from actors.job import ChildSpec, Page, StepStart
from actors.manager import JobManager
from actors.worker import Cancel, JobContext, PermanentError, Snooze, worker

LOOK_SECONDS = 0.005
ATTEMPT_SECONDS = 60.0
LATER_SECONDS = 3600.0
POLITE = {"obey", "time obediently"}
"""Acts whose body looks whether it is to end."""

SIBLINGS: dict[str, tuple[tuple[str, bool], ...]] = {
    "alone": (),
    "among successes": (("before", True), ("after", True)),
    "among failures": (("before", False), ("after", False)),
    "last child": (("before", True), ("before", False)),
    "being cancelled": (("before", True),),
    "being stopped": (("before", False),),
}
"""For each parent of the table: which gate its siblings wait for, and whether they then complete."""


class Act(msgspec.Struct, frozen=True):
    """The subject's payload: what it is to do once its gate is open; ``gates`` is the directory of the files."""

    act: str
    gates: str


class Fate(msgspec.Struct, frozen=True):
    """A sibling's payload."""

    gate: str
    good: bool


class SceneConfig(msgspec.Struct, frozen=True):
    """The step's configuration: a row and a column of the table."""

    act: str
    parent: str
    gates: str


def wait_for(gate: Path, context: JobContext, *, polite: bool) -> None:
    """Until the file is there; a polite body also looks whether it is to end."""
    pause = Event()
    while not gate.exists():
        if polite:
            context.raise_if_cancelled()
        pause.wait(LOOK_SECONDS)


def perform(payload: Act, context: JobContext) -> object:
    """What the payload says."""
    wait_for(Path(payload.gates) / "subject", context, polite=payload.act in POLITE)
    first = context.job.attempt == 1 and not Path(payload.gates, f"again-{context.job.id}").exists()
    match payload.act:
        case "fail once" if first:
            raise ValueError("not yet")
        case "raise":
            raise ValueError("never")
        case "permanent":
            raise PermanentError("never")
        case "exit":
            raise SystemExit(3)
        case "garbage":
            return object()
        case "cancel":
            return Cancel("changed my mind")
        case "snooze" if first:
            Path(payload.gates, f"again-{context.job.id}").touch()
            return Snooze(LATER_SECONDS)
    return "done"


@worker("subject", slots=64, max_attempts=2, backoff_seconds=0.0, jitter=0.0)
def subject(payload: Act, context: JobContext) -> object:
    """The job that a row of the table is about."""
    return perform(payload, context)


@worker("timed", slots=64, max_attempts=2, backoff_seconds=0.0, jitter=0.0, timeout_seconds=ATTEMPT_SECONDS)
def timed(payload: Act, context: JobContext) -> object:
    """The same, of a type whose attempts have a limit."""
    return perform(payload, context)


@worker("parked", max_attempts=2)
def parked(payload: Act, context: JobContext) -> object:
    """The same, of a type that never gets a slot: it waits."""
    return perform(payload, context)


@worker("sibling", slots=64, max_attempts=1)
def sibling(payload: Fate, context: JobContext) -> str:
    """Another child of the same parent."""
    wait_for(Path(payload.gate), context, polite=True)
    if not payload.good:
        raise PermanentError("a sibling's failure")
    return "done"


class SceneManager(JobManager):
    """Names the subject and its siblings."""

    manager_type = "scene"
    config_type = SceneConfig
    child_types = ("subject", "timed", "parked", "sibling")

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        """All of them."""
        config = msgspec.convert(step.step.config, SceneConfig)
        gates = Path(config.gates)
        siblings = [
            self.child("sibling", Fate(str(gates / gate), good), name=gate)
            for gate, good in SIBLINGS[config.parent]
        ]
        if config.act == "breaker":
            siblings.append(self.child("sibling", Fate(str(gates / "subject"), good=False), name="breaker"))
        return Page((self._subject(config), *siblings))

    def _subject(self, config: SceneConfig) -> ChildSpec:
        fields: dict[str, int] = {}
        kind = "subject"
        match config.act:
            case "wait" | "breaker":
                kind = "parked"
            case "time obediently" | "time deaf":
                kind = "timed"
            case "die":
                fields["max_attempts"] = 1
            case "later":
                fields["delay_ms"] = round(LATER_SECONDS * 1000)
            case "bad payload":
                later = round(LATER_SECONDS * 1000)
                return ChildSpec(type=kind, payload='{"act":5}', name="subject", delay_ms=later)
        return self.child(kind, Act(config.act, config.gates), name="subject", **fields)


WORKERS = [subject, timed, parked, sibling]
MANAGERS = [SceneManager]
NEVER = {"parked": {"slots": 0}}
"""Worker options: a parked job waits for ever."""
