"""What waits in vain is told while a command waits for it, each thing once."""

import re
from typing import TYPE_CHECKING

from runtime.cli.output import tell

if TYPE_CHECKING:
    from runtime.embedding import Runtime

LOOK_SECONDS = 2.0


class StrandedWork:
    """Tells of jobs and steps that no runtime here does: they lack a worker, or are paused."""

    def __init__(self, runtime: "Runtime") -> None:
        self._runtime = runtime
        self._told: set[str] = set()
        self._next = runtime.assembly.clock.monotonic() + LOOK_SECONDS  # what is short does not wait in vain

    def __repr__(self) -> str:
        return f"<StrandedWork(told={len(self._told)})>"

    def tell(self, *, last: bool = False) -> list[str]:
        """Look if it is time to, and tell what is new; returns all of it at the last look."""
        here = self._runtime.assembly
        now = here.clock.monotonic()
        if not last and now < self._next:
            return []
        self._next = now + LOOK_SECONDS
        found = self._runtime.reader.stranded(here.workers, here.managers)
        for sentence in found:
            kind = re.sub(r"^\d+ ", "", sentence)
            if kind not in self._told:
                self._told.add(kind)
                tell(f"warning: {sentence}")
        return found
