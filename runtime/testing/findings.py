"""What a test reads back from a simulated runtime, and asserts of it, with failures that say what is there instead."""

import difflib
from abc import ABC, abstractmethod
from collections import Counter
from typing import Any

import msgspec

from actors.documents import DocumentFilter
from actors.ids import parse_id
from actors.job import Counts, JobState
from actors.worker import JobWorker
from runtime.operating import identity
from runtime.run import Run
from runtime.store.reading.jobs import JobFilter
from runtime.store.reading.reader import StoreReader
from runtime.testing.seen import SeenDocument, SeenJob, SeenLine, has, payload_text

SHOWN = 20
"""Jobs that a failure lists at most."""


JobId = int | str | Run | SeenJob
"""A run, a step or a job: its id, as a number or as text, its handle, or what was read of it."""


class Findings(ABC):
    """Questions of a test; a ``SimulatedRuntime`` answers them."""

    @property
    @abstractmethod
    def reader(self) -> StoreReader:
        """Reads the store."""

    @abstractmethod
    def name_children(self) -> None:
        """Have the managers name what was submitted, without starting a job."""

    # -- reading back -------------------------------------------------------------------------------------------

    def runs(self, definition_id: str | None = None) -> list[SeenJob]:
        """All runs, or those of one definition, the oldest first."""
        return self._listed(JobFilter(kind="run", type=definition_id))

    def steps(self, run: JobId) -> list[SeenJob]:
        """The steps of a run."""
        return self._listed(JobFilter(kind="step", run_id=number_of(run)))

    def jobs(
        self,
        worker: str | JobWorker | None = None,
        *,
        run: JobId | None = None,
        state: JobState | str | None = None,
    ) -> list[SeenJob]:
        """The jobs, the oldest first.

        Args:
            worker: of this type only.
            run: of this run only.
            state: in this state only.
        """
        return self._listed(
            JobFilter(
                kind="job",
                type=None if worker is None else type_of(worker),
                run_id=None if run is None else number_of(run),
                state=None if state is None else str(state),
            )
        )

    def job(self, job: JobId) -> SeenJob:
        """One run, step or job as it is now.

        Raises:
            LookupError: there is none of that id.
        """
        found = self.reader.job(number_of(job))
        if found is None:
            raise LookupError(f"there is no job {job} in {self.reader.path}")
        return _seen(found)

    def children(self, job: JobId) -> list[SeenJob]:
        """The steps of a run, the jobs of a step, or what a job has spawned; the oldest first."""
        parent = self.job(job)
        if parent.kind != "job":
            return self._listed(JobFilter(parent_id=parent.number))
        tree = self.reader.tree(parse_id(parent.parent_id or ""), limit=1_000_000)
        return sorted(_spawned_by(parent.id, tree or {}), key=lambda each: each.id)

    def documents(self, *, run: JobId | None = None) -> list[SeenDocument]:
        """The documents, in the order in which they were first saved; of one run, those it saved."""
        rows = self.reader.documents(DocumentFilter(run_id=None if run is None else number_of(run)))
        whole = (self.reader.document(parse_id(row["id"])) for row in rows)
        return [msgspec.convert(each, SeenDocument) for each in whole if each is not None]

    def logs(self, job: JobId, *, level: str | None = None) -> list[SeenLine]:
        """The log of a job; of a run or a step with those of the jobs below. In order."""
        return msgspec.convert(self.reader.logs(number_of(job), level=level), list[SeenLine])

    # -- asserting ----------------------------------------------------------------------------------------------

    def assert_enqueued(
        self,
        worker: str | JobWorker,
        payload: Any = None,
        *,
        run: JobId | None = None,
        state: JobState | str | None = None,
        count: int | None = None,
    ) -> list[SeenJob]:
        """Assert that there are such jobs, whatever became of them, and return them.

        What was submitted and not begun yet is named by its manager first; no job is started by that.

        Args:
            worker: their worker or its type.
            payload: what their payloads have, at least; a dict, or the payload's Struct for the whole of it.
            run: of this run only.
            state: in this state only.
            count: so many exactly; None = at least one.

        Raises:
            AssertionError: there are not; the message lists those there are.
        """
        self.name_children()
        wanted, there = type_of(worker), self.jobs(run=run)
        found = [
            each
            for each in there
            if each.type == wanted
            and (payload is None or has(each.payload, payload))
            and (state is None or each.state == state)
        ]
        if len(found) == count or (count is None and found):
            return found
        number = "no job" if count is None else f"{len(found)} jobs instead of {count}"
        asked = [f"{number} of type {wanted!r}"]
        asked += [f"with payload {payload_text(payload)}"] if payload is not None else []
        asked += [f"in state {state}"] if state is not None else []
        raise AssertionError(
            "\n".join((" ".join(asked) + ";" + _there(wanted, there), *_lines(wanted, there)))
        )

    def refute_enqueued(
        self, worker: str | JobWorker, payload: Any = None, *, run: JobId | None = None
    ) -> None:
        """Assert that there is no such job; the arguments are those of ``assert_enqueued``.

        Raises:
            AssertionError: there is; the message lists them.
        """
        self.name_children()
        found = [each for each in self.jobs(worker, run=run) if payload is None or has(each.payload, payload)]
        if found:
            lines = [f"  {each.line()}" for each in found[:SHOWN]]
            raise AssertionError("\n".join((f"{len(found)} such jobs of type {type_of(worker)!r}:", *lines)))

    def assert_all_completed(self, run: JobId | None = None) -> None:
        """Assert that every job, or every one of a run, has completed.

        Raises:
            AssertionError: one has not; the message lists those with their errors.
        """
        left = [each for each in self.jobs(run=run) if each.state != JobState.COMPLETED]
        if left:
            lines = [f"  {each.line()}" for each in left[:SHOWN]]
            raise AssertionError("\n".join((f"{len(left)} jobs have not completed:", *lines)))

    def assert_consistent(self) -> None:
        """Assert that every run's and step's counts are those of its jobs, and that it has ended if they have.

        Raises:
            AssertionError: it is not so; the message says where.
        """
        wrong: list[str] = []
        for run in self.runs():
            jobs = self.jobs(run=run)
            for parent in (run, *self.steps(run)):
                mine = jobs if parent is run else [each for each in jobs if each.parent_id == parent.id]
                there = _counted(mine)
                if parent.counts != there:
                    wrong.append(f"{parent.kind} {parent.id} counts {parent.counts}, its jobs are {there}")
                if parent.state.terminal and there.open:
                    wrong.append(f"{parent.kind} {parent.id} is {parent.state} with {there.open} open jobs")
        if wrong:
            raise AssertionError("\n".join(wrong))

    def _listed(self, wanted: JobFilter) -> list[SeenJob]:
        return [_seen(each) for each in self.reader.jobs(wanted)]


def number_of(job: JobId) -> int:
    """The number of a run, a step or a job, however it is named."""
    return job.number if isinstance(job, Run | SeenJob) else identity(job)


def type_of(worker: str | JobWorker) -> str:
    """The job type that a worker does."""
    return worker.worker_type if isinstance(worker, JobWorker) else worker


def _seen(row: dict[str, Any]) -> SeenJob:
    return msgspec.convert(row, SeenJob)


def _counted(jobs: list[SeenJob]) -> Counts:
    by_state = Counter(each.state.value for each in jobs)
    return Counts(total=len(jobs), **{name: by_state[name] for name in Counts.__struct_fields__[1:]})


def _spawned_by(job_id: str, node: dict[str, Any]) -> list[SeenJob]:
    """What that job has spawned, of a tree."""
    for each in (*node.get("children", ()), *node.get("spawned", ())):
        if each["id"] == job_id:
            return [_seen(below) for below in each.get("spawned", ())]
        found = _spawned_by(job_id, each)
        if found:
            return found
    return []


def _there(wanted: str, there: list[SeenJob]) -> str:
    types = sorted({each.type for each in there})
    if not types:
        return " there are no jobs at all"
    if wanted in types:
        return " of that type there are:"
    near = difflib.get_close_matches(wanted, types, 1)
    hint = f", did you mean {near[0]!r}?" if near else ":"
    return f" there are jobs of type {', '.join(map(repr, types))}{hint}"


def _lines(wanted: str, there: list[SeenJob]) -> list[str]:
    of_type = [each for each in there if each.type == wanted]
    shown = of_type or there
    lines = [f"  {each.line()}" for each in shown[:SHOWN]]
    return [*lines, f"  … and {len(shown) - SHOWN} more"] if len(shown) > SHOWN else lines
