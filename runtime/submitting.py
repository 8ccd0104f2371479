"""Runs as a service submits them, for threads and for asyncio. Acknowledged when durable."""

from abc import abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from actors.job import JobDefinition
from actors.messages import Submit
from actors.worker import JobWorker
from runtime.admission import admitted_key
from runtime.assembly import Assembly
from runtime.operating import Operator, made_again
from runtime.run import Run
from runtime.staging import StagedFanOut
from runtime.submission import submission


class Submitter(Operator):
    """Makes runs; a ``Runtime`` is one, while it runs."""

    @property
    @abstractmethod
    def assembly(self) -> Assembly:
        """The running actors, and what knows the workers, the managers and the definitions."""

    def submit(self, definition: JobDefinition | str | Path, *, key: str | None = None) -> Run:
        """Write a run of the definition; when this returns, it survives kill -9 and power loss.

        Args:
            definition: the definition, the path of its file, or the id under which this runtime knows it; a file
                that is there goes before an id.
            key: the same key always gives the same run, however often it is submitted.

        Raises:
            DefinitionError: the definition's file is wrong.
            RefusedError: the definition can not be run here.
        """
        return self._submitted(self._ask(self._submission(definition, key)))

    async def submit_async(self, definition: JobDefinition | str | Path, *, key: str | None = None) -> Run:
        """``submit`` for asyncio."""
        return self._submitted(await self._ask_async(self._submission(definition, key)))

    def fan_out(
        self,
        worker: str | JobWorker,
        payloads: Iterable[Any],
        *,
        name: str | None = None,
        key: str | None = None,
        **step: Any,
    ) -> Run:
        """A run without a file: one step with one job per payload.

        Args:
            worker: the worker or its type.
            payloads: what each job gets; taken from an iterator page by page.
            name: what people see; None = the type.
            key: as of ``submit``.
            step: further fields of ``Step``, such as ``concurrency`` or ``error_tolerance``.

        Raises:
            RefusedError: there is no such worker here, or a payload is not what it takes; nothing is made.
        """
        key = admitted_key(key)
        fan_out = self._fan_out(worker, name, step)
        for page in fan_out.pages(self.assembly.ids, payloads):
            self._ask(page)
        return self._submitted(self._ask(self.assembly.traced(fan_out.submission(key))))

    async def fan_out_async(
        self,
        worker: str | JobWorker,
        payloads: Iterable[Any],
        *,
        name: str | None = None,
        key: str | None = None,
        **step: Any,
    ) -> Run:
        """``fan_out`` for asyncio."""
        key = admitted_key(key)
        fan_out = self._fan_out(worker, name, step)
        for page in fan_out.pages(self.assembly.ids, payloads):
            await self._ask_async(page)
        request = self.assembly.traced(fan_out.submission(key))
        return self._submitted(await self._ask_async(request))

    def _together(self, definition: JobDefinition | str | Path) -> tuple[JobDefinition, ...]:
        self.assembly.raise_if_stopped()
        return self.assembly.together(definition)

    def _submission(self, definition: JobDefinition | str | Path, key: str | None) -> Submit:
        request = submission(self._together(definition), self.assembly.ids, admitted_key(key))
        return self.assembly.traced(request)

    def _fan_out(self, worker: str | JobWorker, name: str | None, step: dict[str, Any]) -> StagedFanOut:
        here = self.assembly
        here.raise_if_stopped()
        return StagedFanOut.prepared(
            worker, name, step, workers=here.workers, admitted=here.admitted, ids=here.ids
        )

    def _submitted(self, reply: Any) -> Run:
        return self.run(made_again(reply))
