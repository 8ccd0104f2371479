"""StoreReader: a read-only connection for the threads of the host and for the command line."""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from actors.documents import DocumentFilter
from actors.job import Counts, JobState
from actors.messages import Event
from actors.seams import Clock
from runtime.store.database import open_reader
from runtime.store.events import StoredBatch
from runtime.store.explaining.explain import explain
from runtime.store.explaining.reason import Explanation
from runtime.store.reading import auth_records as auth_queries
from runtime.store.reading import deliveries as delivery_queries
from runtime.store.reading import documents as document_queries
from runtime.store.reading import ended as ended_queries
from runtime.store.reading import jobs as job_queries
from runtime.store.reading import links as link_queries
from runtime.store.reading import recent_ends as end_queries
from runtime.store.reading import records as record_queries
from runtime.store.reading import schedules as schedule_queries
from runtime.store.reading import search as search_queries
from runtime.store.reading import statistics as statistics_queries
from runtime.store.reading import submit_keys as key_queries
from runtime.store.reading import waiting as waiting_queries
from runtime.store.reading import webhooks as webhook_queries
from runtime.store.visible import hide_deleted

T = TypeVar("T")


class StoreReader:
    """Reads one store; safe for use from several threads, which take turns."""

    def __init__(self, path: Path, *, busy_timeout_seconds: float = 10.0) -> None:
        """Open the store for reading.

        Raises:
            StoreError: the file can not be used.
        """
        self.path = path
        self._database = open_reader(path, busy_timeout_seconds=busy_timeout_seconds)
        hide_deleted(self._database.connection())
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"<StoreReader({str(self.path)!r})>"

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._database.close()

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """The connection inside one read transaction: everything read in it belongs together."""
        with self._lock:
            connection: sqlite3.Connection = self._database.connection()
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("COMMIT")

    def _read(self, read: Callable[..., T], *arguments: Any, **options: Any) -> T:
        with self.snapshot() as connection:
            return read(connection, *arguments, **options)

    def job(self, job_id: int) -> dict[str, Any] | None:
        """One job with its counts and progress."""
        return self._read(job_queries.read_job, job_id)

    def jobs(self, wanted: job_queries.JobFilter) -> list[dict[str, Any]]:
        """The jobs that the filter lets through."""
        return self._read(job_queries.list_jobs, wanted)

    def run(self, run_id: int) -> dict[str, Any] | None:
        """A run with its steps."""
        return self._read(job_queries.read_run, run_id)

    def ended_parents(self, ids: Collection[int]) -> list[ended_queries.EndedParent]:
        """Those of these runs and steps that have ended, as their spans tell of them."""
        return self._read(ended_queries.ended_parents, ids)

    def run_state(self, run_id: int) -> JobState | None:
        """The state of a run."""
        return self._read(job_queries.run_state, run_id)

    def run_of_request(self, key: str, fingerprint: str) -> int | None:
        """The run that a request with this fingerprint made under its submit key; None if it made none."""
        return self._read(key_queries.run_of_request, key, fingerprint)

    def links(self, run_id: int) -> list[dict[str, Any]]:
        """The runs linked with a run by pre_jobs and post_jobs."""
        return self._read(link_queries.read_links, run_id)

    def following(self, run_id: int) -> list[int]:
        """The unended runs that come after a run as its post-jobs, or as theirs."""
        return self._read(link_queries.following_runs, run_id)

    def counts(self, parent_id: int, kind: str) -> Counts:
        """The children of a step, or all jobs of a run, by state."""
        return self._read(job_queries.read_counts, parent_id, kind)

    def run_counts(self, run_ids: Sequence[int]) -> list[tuple[int, JobState, Counts]]:
        """Of each of these runs that there is, its state and its jobs by state, at one moment."""
        return self._read(job_queries.read_run_counts, run_ids)

    def progress(self, run_ids: Sequence[int]) -> list[job_queries.StoredProgress]:
        """Of each of these runs that there is, how far its steps and it are, at one moment."""
        return self._read(job_queries.read_progress, run_ids)

    def tree(self, job_id: int, *, limit: int = 1000) -> dict[str, Any] | None:
        """The job with all below it."""
        return self._read(job_queries.read_tree, job_id, limit=limit)

    def statistics(self) -> dict[str, Any]:
        """Runs, steps and jobs by state, and the number of documents."""
        return self._read(statistics_queries.read_statistics)

    def queues(self, types: Collection[str]) -> list[dict[str, Any]]:
        """What waits and runs of each job type: of those named and of every one that has some."""
        return self._read(statistics_queries.read_queues, types)

    def queues_with_ends(
        self, types: Collection[str], now_ms: int
    ) -> tuple[list[dict[str, Any]], end_queries.RecentEnds]:
        """``queues``, also of the types that had ends in the last seconds, and those ends; of one moment."""
        with self.snapshot() as connection:
            ends = end_queries.read_ends(connection, now_ms)
            return statistics_queries.read_queues(connection, {*types, *ends.by_type}), ends

    def schedules(self) -> list[dict[str, Any]]:
        """All schedules, the next to fire first."""
        return self._read(schedule_queries.list_schedules)

    def auth_records(self) -> list[dict[str, Any]]:
        """All auth records without what is secret."""
        return self._read(auth_queries.list_records)

    def webhooks(self) -> list[dict[str, Any]]:
        """All webhooks by name, without their secrets, and what became of their deliveries."""
        return self._read(webhook_queries.list_webhooks)

    def webhooks_with_last(self) -> list[dict[str, Any]]:
        """``webhooks``, each with when a delivery was accepted last, and what went wrong last; of one moment."""
        with self.snapshot() as connection:
            return [
                {**each, **delivery_queries.last_deliveries(connection, each["name"])}
                for each in webhook_queries.list_webhooks(connection)
            ]

    def deliveries(self, name: str, wanted: delivery_queries.DeliveryFilter) -> list[dict[str, Any]]:
        """Deliveries of a webhook, the newest first."""
        return self._read(delivery_queries.list_deliveries, name, wanted)

    def events_to_deliver(self) -> bool:
        """Whether events wait to become deliveries to a webhook that has room for them."""
        return self._read(webhook_queries.deliverable)

    def webhook(self, name: str) -> webhook_queries.StoredWebhook | None:
        """The row of a webhook, its secrets sealed."""
        return self._read(webhook_queries.stored_webhook, name)

    def schedule_due(self, now_ms: int) -> bool:
        """Whether a schedule is to fire now."""
        return self._read(schedule_queries.is_due, now_ms)

    def has_work(
        self, types: Collection[str], actions: Collection[str], *, now_ms: int | None = None
    ) -> bool:
        """Whether something is left that a runtime with these types and actions can bring further.

        With ``now_ms`` deliveries to webhooks that are to be tried again later do not count.
        """
        return self._read(waiting_queries.has_work, types, actions, now_ms) or self.events_to_deliver()

    def later_deliveries(self) -> waiting_queries.LaterDeliveries:
        """Deliveries to webhooks that wait to be tried again."""
        return self._read(waiting_queries.later_deliveries)

    def stranded(self, types: Collection[str], actions: Collection[str]) -> list[str]:
        """Unended work that such a runtime does not do, in words."""
        return self._read(waiting_queries.stranded, types, actions)

    def explain(self, job_id: int, clock: Clock) -> Explanation | None:
        """Why a run, a step or a job does not move; None if there is none of that id."""
        return self._read(explain, job_id, path=self.path, clock=clock)

    def events(
        self, after: int = 0, wanted: record_queries.EventFilter | None = None, *, limit: int = 1000
    ) -> tuple[list[Event], int]:
        """Events above a sequence number, 0 = from the oldest on, and the number to go on from.

        Raises:
            EventsPrunedError: some of them are kept no longer.
        """
        return self._read(record_queries.read_events, after, wanted or record_queries.EventFilter(), limit)

    def batches(self, after: int, *, limit: int = 1000) -> tuple[list[StoredBatch], int]:
        """The commits with the events above a number, not yet decoded, and the number of the last event there is.

        Raises:
            EventsPrunedError: some of them are kept no longer.
        """
        return self._read(record_queries.read_batches, after, limit)

    def last_event(self) -> int:
        """The sequence number of the last event."""
        return self._read(record_queries.last_event)

    def logs(
        self, job_id: int, *, after: int = 0, level: str | None = None, limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Log lines of a job and, for a run or step, of those below."""
        return self._read(record_queries.read_logs, job_id, after=after, level=level, limit=limit)

    def documents(self, wanted: DocumentFilter) -> list[dict[str, Any]]:
        """Documents that the filter lets through."""
        return self._read(document_queries.list_documents, wanted)

    def document(self, document_id: int) -> dict[str, Any] | None:
        """One document with its body."""
        return self._read(document_queries.read_document, document_id)

    def search(self, query: str, wanted: DocumentFilter) -> list[dict[str, Any]]:
        """Documents that match a full-text query, the best first."""
        return self._read(search_queries.search_documents, query, wanted)
