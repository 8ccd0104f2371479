"""Workers whose bodies run in processes of their own, and what they may do to those."""

import ctypes
import os
import signal
import sys
from pathlib import Path
from threading import Event

import msgspec

from actors.documents import DocumentFilter, DocumentSpec
from actors.settings import Secret
from actors.worker import JobContext, worker

HUGE = 20_000_000


class Act(msgspec.Struct, frozen=True):
    """What to do; ``note`` is a file to write the process's number to."""

    what: str = ""
    note: str = ""


class KeySettings(msgspec.Struct, frozen=True):
    """Settings with a secret."""

    key: Secret = Secret("none")


@worker("act", dispatcher="cpu", slots=2, max_attempts=2, backoff_seconds=0.01, stop_grace_seconds=0.3)
def act(payload: Act, context: JobContext) -> object:
    """Do what the payload says."""
    if payload.note:
        Path(payload.note).write_text(str(os.getpid()), encoding="ascii")
    match payload.what:
        case "segfault":
            os.write(2, b"about to read at nowhere\n")
            ctypes.string_at(0)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            sys.exit(3)
        case "vanish":
            os._exit(4)
        case "raise":
            raise ValueError("poison")
        case "garbage":
            return object()
        case "print":
            sys.stdout.write("printed by the body\n")
            sys.stdout.flush()
        case "huge":
            return "x" * HUGE
        case "spin":
            while True:
                pass
        case "wait":
            while not context.cancelled:
                Event().wait(0.01)
            context.raise_if_cancelled()
    return os.getpid()


@worker("spin_for_a_while", dispatcher="cpu", max_attempts=1, timeout_seconds=0.3, stop_grace_seconds=0.1)
def spin_for_a_while(_payload: Act, _context: JobContext) -> None:
    """Longer than it may."""
    while True:
        pass


@worker("leave_everything", dispatcher="cpu", settings_type=KeySettings)
def leave_everything(payload: Act, context: JobContext) -> object:
    """A result, a child, a document and a line."""
    context.spawn_child_job(act, Act("print"), unique_key="child")
    context.save_document(DocumentSpec("web", "a", "http://x/a", "Whales", "They sing."))
    context.info("a line of the log")
    earlier = [each.title for each in context.stored_documents.find(DocumentFilter()).documents]
    return [context.settings(KeySettings).key.reveal(), context.step.name, earlier, payload.what]
