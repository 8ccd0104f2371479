"""A service that embeds the runtime and submits without pause; tests kill it at any moment and start it again.

Its diary is its own: a line "intent NAME KEY" before a submit and "ack NAME RUN" after it has returned, each forced to
the disk. Whatever the diary says was acknowledged has to be in the store. What has a key and no answer is asked again.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any, Self

import msgspec

from actors.documents import DocumentSpec
from actors.worker import JobContext, worker
from runtime import Runtime
from runtime.run import WaitTimeoutError
from runtime.settings import RuntimeSettings

CHILDREN = 3
SPAWNED = 1
WINDOW = 50
"""Runs a service leaves unended before it waits for its own."""


class Task(msgspec.Struct, frozen=True):
    """A payload: which child it is, how large a document it saves, and a file that it waits for; "" = none."""

    number: int
    document_bytes: int = 0
    gate: str = ""


@worker("task", max_attempts=3, backoff_seconds=0.01)
def task(payload: Task, context: JobContext) -> int:
    """Save a document, and spawn one more if it is the first."""
    pause = Event()
    while payload.gate and not Path(payload.gate).exists():
        context.raise_if_cancelled()
        pause.wait(0.01)
    if payload.document_bytes:
        body = "x" * payload.document_bytes
        context.save_document(DocumentSpec("test", str(context.job.id), None, "a document", body))
    if payload.number == 0:
        for number in range(SPAWNED):
            context.spawn_child_job("task", Task(CHILDREN + number, payload.document_bytes))
    return payload.number


class Diary:
    """The client's own record, the only oracle for what was acknowledged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def note(self, *words: object) -> None:
        """One line, on the disk when this returns."""
        os.write(self._file, (" ".join(map(str, words)) + "\n").encode())
        os.fsync(self._file)

    @staticmethod
    def read(path: Path) -> tuple[dict[str, str], dict[str, int]]:
        """What was intended, names with their keys ("-" = none); and what was acknowledged, names with their runs."""
        intents: dict[str, str] = {}
        acks: dict[str, int] = {}
        text = path.read_text("utf-8") if path.exists() else ""
        for line in text.splitlines(keepends=True):
            match line.split():
                case ["intent", name, key] if line.endswith("\n"):
                    intents[name] = key
                case ["ack", name, run] if line.endswith("\n"):
                    acks[name] = int(run)
        return intents, acks


def names(who: str, diary: Path, enough: Path) -> Iterator[tuple[str, str]]:
    """What to submit: first what has a key and no answer yet, then new ones until that file is there."""
    intents, acks = Diary.read(diary)
    yield from ((name, key) for name, key in intents.items() if name not in acks and key != "-")
    for number in count(len(intents)):
        if enough.exists():
            return
        name = f"{who}-{number}"
        yield name, f"key-{name}" if number % 2 else "-"


def submit(runtime: Runtime, diary: Diary, name: str, key: str, child: Task) -> Any:
    """Submit one run of such children, and note it."""
    diary.note("intent", name, key)
    payloads = [msgspec.structs.replace(child, number=number) for number in range(CHILDREN)]
    run = runtime.fan_out(task, payloads, name=name, key=None if key == "-" else key)
    diary.note("ack", name, run.number)
    return run


def main(store: Path, diary_path: Path, slots: int, document_bytes: int, gate: str) -> None:
    """Submit until the file "enough" is there, then work until nothing is left; first a run that waits at the gate."""
    settings = RuntimeSettings(store=store, worker_options={"task": {"slots": slots}})
    enough = store.parent / "enough"
    who = diary_path.stem
    with Runtime(settings, workers=[task]) as runtime, Diary(diary_path) as diary:
        runs: list[Any] = []
        if gate:
            submit(runtime, diary, Path(gate).name, "-", Task(0, gate=gate))
        for name, key in names(who, diary_path, enough):
            runs.append(submit(runtime, diary, name, key, Task(0, document_bytes)))
            if len(runs) > WINDOW:
                with suppress(WaitTimeoutError):
                    runs.pop(0).wait(0.5)
        bell = Event()
        runtime.assembly.hub.on_commit(bell.set)
        while slots and runtime.reader.has_work(
            tuple(runtime.assembly.workers), tuple(runtime.assembly.managers)
        ):
            bell.wait(0.1)
            bell.clear()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
