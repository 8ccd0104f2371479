"""Enqueue: a run that is written in the caller's own transaction, and so happens exactly if that is committed."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from actors.ids import id_text
from actors.job import JobDefinition
from actors.worker import JobWorker
from runtime.admission import admitted_fingerprint, admitted_key
from runtime.assembly import Assembly
from runtime.definitions import DefinitionError
from runtime.linking import named
from runtime.refusal import KeyTakenError, RefusedError
from runtime.repeating import fingerprint_of_refused
from runtime.staging import StagedFanOut
from runtime.store.borrowed import UnusableConnectionError, borrowed
from runtime.store.concern import Concern
from runtime.store.owner import bells
from runtime.store.reading.submit_keys import run_of_request
from runtime.store.transaction import Transaction
from runtime.store.verbs.submit import SubmitKeyTakenError, UnknownStepError, stage_page, submit
from runtime.submission import submission


class FanOut:
    """One step with one job per payload, for ``Runtime.enqueue``: what ``Runtime.fan_out`` submits at once."""

    def __init__(
        self, worker: str | JobWorker, payloads: Iterable[Any], *, name: str | None = None, **step: Any
    ) -> None:
        """Describe it; nothing is looked at before it is enqueued. The arguments are those of ``Runtime.fan_out``."""
        self.worker = worker
        self.payloads = payloads
        self.name = name
        self.step = step

    def __repr__(self) -> str:
        return f"<FanOut({self.worker!r}, name={self.name!r})>"


class Enqueuer(ABC):
    """Writes runs into transactions of others; a ``Runtime`` is one, whether it runs or not."""

    @property
    @abstractmethod
    def assembly(self) -> Assembly:
        """What knows the store, the workers and the managers."""

    def enqueue(
        self,
        connection: sqlite3.Connection,
        what: JobDefinition | str | Path | FanOut,
        *,
        key: str | None = None,
        fingerprint: str | None = None,
    ) -> str:
        """Write a run in the transaction that is open on ``connection``; returns its id.

        The run is there if and when that transaction is committed, together with whatever else it wrote. Call
        ``ring`` after the commit to have it begun at once; otherwise it is noticed within a quarter of a second. The
        runtime need not run: one that was never started, with the same workers, enqueues for others on the store.

        Do not wait for this runtime inside the transaction (``submit``, ``cancel``): its store waits for yours to end.
        What a power loss leaves is decided by your connection's ``PRAGMA synchronous``, by default FULL.

        Args:
            connection: of the standard library's ``sqlite3``, to the store's own file, inside BEGIN IMMEDIATE.
            what: a definition, the path of its file, the id under which this runtime knows it, or a ``FanOut``.
            key: as of ``submit``.
            fingerprint: as of ``submit``, or of ``fan_out``.

        Raises:
            KeyTakenError: as of ``submit``; your transaction is as it was.
            RefusedError: the connection will not do, or the run can not be done here; your transaction is as it was.
            DefinitionError: the definition's file is wrong.
            StoreError: the store could not be written.
        """
        key, said = admitted_key(key), admitted_fingerprint(fingerprint)
        if not isinstance(what, JobDefinition | str | Path | FanOut):
            raise RefusedError(
                f"enqueue takes a JobDefinition, the path of its file or a FanOut, got a {type(what).__name__}"
            )
        here = self.assembly
        try:
            with _borrowed(here, connection) as transaction:
                run_id = _write(transaction, here, what, key, said)
        except SubmitKeyTakenError as error:
            raise KeyTakenError(error.key, error.run_id) from None
        except (UnusableConnectionError, UnknownStepError) as error:
            raise RefusedError(str(error)) from error
        return id_text(run_id)

    def ring(self) -> None:
        """Have this runtime and the others on its store look for work now: call it after you have committed."""
        here = self.assembly
        for address in bells(here.settings.store):
            here.doorbell.ring(address, Concern.WORK)
        if not here.running:
            here.doorbell.close()


def _borrowed(here: Assembly, connection: sqlite3.Connection) -> AbstractContextManager[Transaction]:
    here.raise_if_forked()
    file = here.file
    if file is not None:
        file.share()
    return borrowed(
        connection,
        here.settings.store,
        here.clock,
        owner=None if file is None else file.owner,
        ids=None if file is None else file.ids,
        max_attempts={name: worker.options.max_attempts for name, worker in here.workers.items()},
    )


def _write(
    transaction: Transaction,
    here: Assembly,
    what: JobDefinition | str | Path | FanOut,
    key: str | None,
    said: str | None,
) -> int:
    """Everything that makes the run; returns its id, or the one that the key has already."""
    ids = transaction.context.ids
    if isinstance(what, FanOut):
        staged = StagedFanOut.prepared(
            what.worker,
            what.name,
            what.step,
            workers=here.workers,
            admitted=here.admitted,
            ids=ids,
            keyed=key is not None and said is None,
        )
        for page in staged.pages(ids, what.payloads):
            stage_page(transaction, page.run_id, page.page)
        request = staged.submission(key, said)
    else:
        try:
            together = here.together(what)
        except (DefinitionError, RefusedError):
            said = said or fingerprint_of_refused(what, here.managers)
            known = run_of_request(transaction.connection, key, said) if key and said else None
            if known is None:
                raise
            return known
        request = submission(together, ids, key, said or named(what, here.library))
    return submit(transaction, here.traced(request))[0]
