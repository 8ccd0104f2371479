"""Runs as a service submits them, for threads and for asyncio. Acknowledged when durable."""

import asyncio
from abc import abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from actors.job import JobDefinition
from actors.messages import Submit
from actors.worker import JobWorker
from runtime.admission import admitted_fingerprint, admitted_key
from runtime.assembly import Assembly
from runtime.definitions import DefinitionError
from runtime.linking import named
from runtime.operating import Operator, made_again
from runtime.refusal import RefusedError
from runtime.repeating import fingerprint_of_refused
from runtime.run import Run
from runtime.staging import StagedFanOut
from runtime.store.reading.reader import StoreReader
from runtime.submission import submission


class Submitter(Operator):
    """Makes runs; a ``Runtime`` is one, while it runs."""

    @property
    @abstractmethod
    def assembly(self) -> Assembly:
        """The running actors, and what knows the workers, the managers and the definitions."""

    @property
    @abstractmethod
    def reader(self) -> StoreReader:
        """Reads the store."""

    def submit(
        self,
        definition: JobDefinition | str | Path,
        *,
        key: str | None = None,
        fingerprint: str | None = None,
    ) -> Run:
        """Write a run of the definition; when this returns, it survives kill -9 and power loss.

        Args:
            definition: the definition, the path of its file, or the id under which this runtime knows it; a file
                that is there goes before an id.
            key: the same key always gives the same run, however often it is submitted, until 7 days after its end;
                also when the definition is refused by now, because it was removed or disabled.
            fingerprint: with a key, what tells this request from others: with another fingerprint the key is
                refused. None = the id that was given, or what the definition says. Give a text of your own if more
                or less than that counts: a constant lets whatever comes with the key have its run.

        Raises:
            DefinitionError: the definition's file is wrong.
            KeyTakenError: the key came with another request before; its ``run_id`` is the run of that one.
            RefusedError: the definition can not be run here.
        """
        key, said = admitted_key(key), admitted_fingerprint(fingerprint)
        try:
            request = self._submission(definition, key, said)
        except (DefinitionError, RefusedError):
            made = self._made_before(definition, key, said)
            if made is None:
                raise
            return made
        return self._submitted(self._ask(request))

    async def submit_async(
        self,
        definition: JobDefinition | str | Path,
        *,
        key: str | None = None,
        fingerprint: str | None = None,
    ) -> Run:
        """``submit`` for asyncio."""
        key, said = admitted_key(key), admitted_fingerprint(fingerprint)
        try:
            request = self._submission(definition, key, said)
        except (DefinitionError, RefusedError):
            made = await asyncio.to_thread(self._made_before, definition, key, said)
            if made is None:
                raise
            return made
        return self._submitted(await self._ask_async(request))

    def fan_out(
        self,
        worker: str | JobWorker,
        payloads: Iterable[Any],
        *,
        name: str | None = None,
        key: str | None = None,
        fingerprint: str | None = None,
        **step: Any,
    ) -> Run:
        """A run without a file: one step with one job per payload.

        Args:
            worker: the worker or its type.
            payloads: what each job gets; taken from an iterator page by page.
            name: what people see; None = the type.
            key: as of ``submit``.
            fingerprint: as of ``submit``; None = the worker's type, ``name``, ``step`` and the payloads.
            step: further fields of ``Step``, such as ``concurrency`` or ``error_tolerance``.

        Raises:
            KeyTakenError: as of ``submit``.
            RefusedError: there is no such worker here, or a payload is not what it takes; nothing is made.
        """
        key, said = admitted_key(key), admitted_fingerprint(fingerprint)
        fan_out = self._fan_out(worker, name, step, keyed=key is not None and said is None)
        for page in fan_out.pages(self.assembly.ids, payloads):
            self._ask(page)
        return self._submitted(self._ask(self.assembly.traced(fan_out.submission(key, said))))

    async def fan_out_async(
        self,
        worker: str | JobWorker,
        payloads: Iterable[Any],
        *,
        name: str | None = None,
        key: str | None = None,
        fingerprint: str | None = None,
        **step: Any,
    ) -> Run:
        """``fan_out`` for asyncio."""
        key, said = admitted_key(key), admitted_fingerprint(fingerprint)
        fan_out = self._fan_out(worker, name, step, keyed=key is not None and said is None)
        for page in fan_out.pages(self.assembly.ids, payloads):
            await self._ask_async(page)
        request = self.assembly.traced(fan_out.submission(key, said))
        return self._submitted(await self._ask_async(request))

    def _together(self, definition: JobDefinition | str | Path) -> tuple[JobDefinition, ...]:
        self.assembly.raise_if_stopped()
        return self.assembly.together(definition)

    def _submission(
        self, definition: JobDefinition | str | Path, key: str | None, said: str | None
    ) -> Submit:
        together = self._together(definition)
        said = said or named(definition, self.assembly.library)
        return self.assembly.traced(submission(together, self.assembly.ids, key, said))

    def _made_before(
        self, definition: JobDefinition | str | Path, key: str | None, said: str | None
    ) -> Run | None:
        """The run that this request made when its definition was not refused yet."""
        if key is None:
            return None
        said = said or fingerprint_of_refused(definition, self.assembly.managers)
        found = None if said is None else self.reader.run_of_request(key, said)
        return None if found is None else self.run(found)

    def _fan_out(
        self, worker: str | JobWorker, name: str | None, step: dict[str, Any], *, keyed: bool
    ) -> StagedFanOut:
        here = self.assembly
        here.raise_if_stopped()
        return StagedFanOut.prepared(
            worker, name, step, workers=here.workers, admitted=here.admitted, ids=here.ids, keyed=keyed
        )

    def _submitted(self, reply: Any) -> Run:
        return self.run(made_again(reply))
