"""The children of a fan-out on their way to the store: pages of rows, encoded and checked where they come from."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Self

import msgspec

from actors.ids import IdSource
from actors.job import JobDefinition, Step
from actors.messages import StagedPage, StagePage, Submit
from actors.worker import JobWorker, PermanentError
from runtime.fingerprint import Fingerprint
from runtime.refusal import RefusedError
from runtime.store.checksum import job_checksum

PAGE = 1000
"""Children in one staged page."""

PAGE_CHARACTERS = 4 << 20
"""A page is full with so much payload too, however few children that is."""


class StagedFanOut:
    """One run with one step whose children are staged page by page, and then submitted whole."""

    def __init__(
        self, run_id: int, step_id: int, definition: JobDefinition, worker: JobWorker, *, keyed: bool = False
    ) -> None:
        self.run_id = run_id
        self.step_id = step_id
        self.definition = definition
        self.worker = worker
        self._pages = 0
        self._only: StagedPage | None = None
        self._fingerprint: Fingerprint | None = None
        if keyed:  # else nobody asks for it
            self._fingerprint = Fingerprint("fan_out")
            self._fingerprint.add(definition)

    @classmethod
    def prepared(
        cls,
        worker: str | JobWorker,
        name: str | None,
        step: dict[str, Any],
        *,
        workers: Mapping[str, JobWorker],
        admitted: Callable[[JobDefinition], JobDefinition],
        ids: IdSource,
        keyed: bool = False,
    ) -> Self:
        """A fan-out to that worker.

        Args:
            worker: the worker or its type.
            name: what people see; None = the type.
            step: further fields of ``Step``.
            workers: those that are registered here.
            admitted: refuses a definition that can not be run here.
            ids: where the run's and the step's ids come from.
            keyed: it will have a submit key: what it says, payloads too, has a fingerprint.

        Raises:
            RefusedError: there is no such worker here, or the step can not be run.
        """
        job_type = worker.worker_type if isinstance(worker, JobWorker) else worker
        if not isinstance(job_type, str):
            raise RefusedError(f"{job_type!r} is no worker: decorate the function with @worker(...)")
        if job_type not in workers:
            raise RefusedError(
                f"there is no worker of type {job_type!r} here, there are {', '.join(sorted(workers))};"
                " give it to Runtime(workers=[...])"
            )
        made = Step(name=job_type, action="fan_out", config={"job_type": job_type, "pages": 0}, **step)
        definition = admitted(JobDefinition(id=job_type, name=name or job_type, steps=(made,)))
        return cls(ids.next(), ids.next(), definition, workers[job_type], keyed=keyed)

    def __repr__(self) -> str:
        return f"<StagedFanOut(run={self.run_id}, pages={self._pages})>"

    def pages(self, ids: IdSource, payloads: Iterable[Any]) -> Iterator[StagePage]:
        """What has to be staged before the submission, page by page as the payloads come.

        Raises:
            RefusedError: a payload is not what the worker takes, or can not be written as JSON.
        """
        job_type = self.worker.worker_type
        for texts in self._encoded(payloads):
            if self._fingerprint is not None:
                for text in texts:
                    self._fingerprint.add(text)
            rows = [
                (child_id, text, job_checksum(child_id, self.step_id, job_type, text), None)
                for child_id, text in zip(ids.block(len(texts)), texts, strict=True)
            ]
            if self._only is not None:
                yield StagePage(self.run_id, self._only)
                self._only = None
            page = StagedPage(self._pages, msgspec.json.encode(rows), len(rows))
            self._pages += 1
            if page.number == 0:
                self._only = page  # it may be the only one, and then goes with the submission
            else:
                yield StagePage(self.run_id, page)

    def submission(self, key: str | None, fingerprint: str | None = None) -> Submit:
        """What makes the pages a run, once those that were staged are durable; ``fingerprint`` as of ``submission``."""
        if fingerprint is None and self._fingerprint is not None:
            fingerprint = self._fingerprint.text
        step = self.definition.steps[0]
        step = msgspec.structs.replace(step, config={**step.config, "pages": self._pages})
        definition = msgspec.structs.replace(self.definition, steps=(step,))
        return Submit(
            definition,
            self.run_id,
            (self.step_id,),
            key,
            self._only,
            fingerprint=fingerprint if key else None,
        )

    def _encoded(self, payloads: Iterable[Any]) -> Iterator[list[str]]:
        """The payloads of one page after the other, as JSON that the worker can read."""
        if isinstance(payloads, str | bytes | msgspec.Struct) or not isinstance(payloads, Iterable):
            raise RefusedError(
                f"payloads are many, one for each job, got a {type(payloads).__name__}: write [payload] if one is meant"
            )
        encode, check = msgspec.json.encode, self.worker.check_payload
        texts: list[str] = []
        size = 0
        for number, payload in enumerate(payloads):
            try:
                text = encode(payload).decode()
                check(text)
            except (TypeError, ValueError, OverflowError, RecursionError, PermanentError) as error:
                raise RefusedError(f"payloads[{number}]: {error}; it is {_shown(payload)}") from error
            texts.append(text)
            size += len(text)
            if len(texts) >= PAGE or size >= PAGE_CHARACTERS:
                yield texts
                texts, size = [], 0
        if texts:
            yield texts


def _shown(payload: Any) -> str:
    try:
        return f"{payload!r:.200}"
    except Exception:  # noqa: BLE001 (it is too deep, or its own method raises)
        return f"a {type(payload).__name__} that can not be shown"
