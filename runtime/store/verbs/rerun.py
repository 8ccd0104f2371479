"""Makes a new run of what an old one was asked to do; the old one, whatever became of it, stays as it is.

Of a run: its definition, with the runs linked to it; of a step: a run of that one step; of a job: a fan-out with that
one payload, its attempts and its rate. What a definition does not hold, the children of a fan-out, is copied from the
old run's rows, a slice a commit, as pages that nobody sees before the last commit makes them a run.
"""

import msgspec

from actors.ids import id_text
from actors.job import JobDefinition, JobKind, LogLevel, Step, WaitRole
from actors.messages import CopyProgress, LinkedRun, RerunJob, RunWait, StagedPage, Submit
from runtime.store.checksum import intact, intact_payload, job_checksum
from runtime.store.transaction import Transaction
from runtime.store.verbs.cancel import UnknownJobError
from runtime.store.verbs.copying import HandedOver, UnrepeatableError, copy_slice
from runtime.store.verbs.submit import run_of_key, stage_page, submit

FAN_OUT = "fan_out"

_FOUND = "SELECT kind, root_id, parent_id, type, name, max_attempts FROM job WHERE id = ?"
_RATE = "SELECT rate_key, rate_ms FROM job JOIN lane ON lane.id = abs(lane_id) WHERE job.id = ? AND rate_key <> ''"
_STEPS = (
    "SELECT name, id FROM job WHERE parent_id = ? AND kind = 'step' AND id NOT IN (SELECT id FROM deletion)"
)
_LINKS = """
SELECT * FROM (
    SELECT step.run_id AS waiting, needs_id AS awaited, role
        FROM dependency JOIN parent AS step ON step.id = step_id WHERE needs_id = ?1 AND role = 'post'
    UNION SELECT step.run_id, needs_id, role FROM parent AS step JOIN dependency ON step_id = step.id
        WHERE step.run_id = ?1 AND step.kind = 'step' AND role IN ('pre','pre_optional'))
WHERE waiting NOT IN (SELECT id FROM deletion) AND awaited NOT IN (SELECT id FROM deletion)
"""


class _Source(msgspec.Struct):
    """What is made anew: the definition, and whose children are copied for which of its steps."""

    definition: JobDefinition
    old_run: int
    old_step: int = 0  # of a fan-out
    index: int = 0  # of its step in the definition
    payload: str | None = None  # of a single job


def rerun(transaction: Transaction, request: RerunJob) -> CopyProgress | tuple[int, bool]:
    """The new run's id and whether it was made now; or how far the copying of its children has come: ask again.

    Raises:
        UnknownJobError: there is no such job.
        UnrepeatableError: a row of the old run is damaged or deleted.
        SubmitKeyTakenError: the submit key is another request's; what was copied is gone.
    """
    transaction.flush()
    if transaction.exists(request.run_id):
        return request.run_id, False  # the same request again: its answer was lost
    known = None if request.submit_key is None else run_of_key(transaction, request)
    if known is not None:
        return known, False
    source = _source(transaction, request.job_id)
    progress = request.progress or CopyProgress(_ids(transaction, len(source.definition.steps)))
    page: StagedPage | None = None
    if source.payload is not None:
        page = _page_of(transaction, source, progress.step_ids[0])
    elif source.old_step:
        job_type = source.definition.steps[source.index].config["job_type"]
        handed_over = HandedOver(source.old_run, source.old_step, job_type, progress.step_ids[source.index])
        copied = copy_slice(transaction, handed_over, progress)
        small = copied.done and not progress.pages and len(copied.pages) == 1 and source.index == 0
        if small and _attempts_are_known(transaction, source):
            (page,) = copied.pages  # it is taken in with the run
        else:
            for each in copied.pages:
                stage_page(transaction, request.run_id, each)
        progress = copied.progress
        if not copied.done:
            return progress
        source.definition = _with_pages(source, progress.pages)
    done = submit(transaction, _submission(transaction, source, request, progress.step_ids, page))
    text = f"made again of {id_text(request.job_id)}"
    transaction.log(request.run_id, request.run_id, LogLevel.INFO, text)
    return done


def forget_copy(transaction: Transaction, run_id: int) -> None:
    """The run will not be: what was copied for it goes."""
    transaction.connection.execute("DELETE FROM staged_page WHERE run_id = ?", (run_id,))


def _source(transaction: Transaction, job_id: int) -> _Source:
    found = transaction.connection.execute(_FOUND, (job_id,)).fetchone()
    if found is None or not transaction.exists(found[1]):
        raise UnknownJobError(job_id)
    kind, run_id, parent_id, job_type, name, max_attempts = found
    definition = _definition(transaction, run_id)
    if kind == JobKind.RUN:
        return _of_run(transaction, definition, run_id)
    if kind == JobKind.STEP:
        step = intact(transaction.connection, job_id, Step)
        if step is None:
            raise _damaged("step", job_id)
        alone = msgspec.structs.replace(step, depends=(), condition=None, enabled=True)
        definition = msgspec.structs.replace(definition, steps=(alone,), pre_jobs=(), post_jobs=())
        return _Source(definition, run_id, job_id if _was_handed_over(step) else 0)
    payload = intact_payload(transaction.connection, job_id)
    if payload is None or parent_id is None:
        raise _damaged("job", job_id)
    config = {"job_type": job_type, "pages": 1, "max_attempts": max_attempts}
    rate = transaction.connection.execute(_RATE, (job_id,)).fetchone()
    if rate is not None:
        config["rate_key"], config["rate_ms"] = rate
    step = Step(job_type, FAN_OUT, config)
    single = JobDefinition(
        job_type, name or job_type, (step,), tags=definition.tags, priority=definition.priority
    )
    return _Source(single, run_id, payload=payload)


def _of_run(transaction: Transaction, definition: JobDefinition, run_id: int) -> _Source:
    index = next((number for number, step in enumerate(definition.steps) if _was_handed_over(step)), None)
    if index is None:
        return _Source(definition, run_id)
    name = definition.steps[index].name
    steps = dict(transaction.connection.execute(_STEPS, (run_id,)).fetchall())
    if name not in steps:
        raise UnrepeatableError(
            f"step {name!r} of run {id_text(run_id)} was deleted, and its children with it"
        )
    return _Source(definition, run_id, steps[name], index)


def _was_handed_over(step: Step) -> bool:
    """Whether the step's children came with the submit, and not from its configuration."""
    return step.action == FAN_OUT and bool(step.config.get("pages"))


def _definition(transaction: Transaction, run_id: int) -> JobDefinition:
    definition = intact(transaction.connection, run_id, JobDefinition)
    if definition is None:
        raise _damaged("run", run_id)
    return definition


def _damaged(kind: str, job_id: int) -> UnrepeatableError:
    return UnrepeatableError(f"the row of {kind} {id_text(job_id)} is damaged: its checksum does not match")


def _ids(transaction: Transaction, number: int) -> tuple[int, ...]:
    return tuple(transaction.context.ids.next() for _ in range(number))


def _page_of(transaction: Transaction, source: _Source, step_id: int) -> StagedPage:
    """The page with the one payload."""
    child_id, text = transaction.context.ids.next(), source.payload or ""
    job_type = source.definition.steps[0].config["job_type"]
    row = (child_id, text, job_checksum(child_id, step_id, job_type, text), None)
    return StagedPage(0, msgspec.json.encode([row]), 1)


def _attempts_are_known(transaction: Transaction, source: _Source) -> bool:
    """Whether the children's attempts can be told here; the command line knows no worker types."""
    config = source.definition.steps[source.index].config
    return bool(config.get("max_attempts")) or config["job_type"] in transaction.context.max_attempts


def _with_pages(source: _Source, pages: int) -> JobDefinition:
    steps = list(source.definition.steps)
    step = steps[source.index]
    steps[source.index] = msgspec.structs.replace(step, config={**step.config, "pages": pages})
    return msgspec.structs.replace(source.definition, steps=tuple(steps))


def _submission(
    transaction: Transaction,
    source: _Source,
    request: RerunJob,
    step_ids: tuple[int, ...],
    page: StagedPage | None,
) -> Submit:
    """The new run, and new ones for those that are linked with the old one, if that is made again as a whole."""
    linked: list[LinkedRun] = []
    new_ids = {source.old_run: request.run_id}
    waits: dict[tuple[int, int], WaitRole] = {}
    looked_at = [source.old_run] if request.job_id == source.old_run else []
    for old_id in looked_at:  # grows as it is walked
        for waiting, awaited, role in transaction.connection.execute(_LINKS, (old_id,)).fetchall():
            waits[waiting, awaited] = WaitRole(role)
            for each in (waiting, awaited):
                if each not in new_ids:
                    new_ids[each] = transaction.context.ids.next()
                    other = _definition(transaction, each)
                    linked.append(LinkedRun(other, new_ids[each], _ids(transaction, len(other.steps))))
                    looked_at.append(each)
    return Submit(
        definition=source.definition,
        run_id=request.run_id,
        step_ids=step_ids,
        submit_key=request.submit_key,
        page=page,
        linked=tuple(linked),
        waits=tuple(
            RunWait(new_ids[waiting], new_ids[awaited], role) for (waiting, awaited), role in waits.items()
        ),
        fingerprint=request.fingerprint,
    )
