"""Whether a step that may start is to run: its condition is judged by rows of the transaction that lets it start."""

from actors.job import JobDefinition, Step
from actors.orchestrator.condition import StepFacts, Surroundings, Verdict, decide, steps_named
from runtime.store.checksum import intact
from runtime.store.rows import ParentRow
from runtime.store.transaction import Transaction

SKIPPED = "skipped"
"""How the reason of a step begins that ended without being run."""

_NAMES = """
SELECT job.name, job.id FROM parent JOIN job USING (id) WHERE parent.run_id = ? AND parent.kind = 'step'
"""
_DOCUMENTS = """
SELECT count(*) FROM document_save JOIN job ON job.id = document_save.job_id
WHERE document_save.run_id = ? AND job.parent_id = ?
"""


def verdict_of(transaction: Transaction, parent: ParentRow, step: Step) -> Verdict | None:
    """Judge the step's condition; None if it has none."""
    if step.condition is None:
        return None
    transaction.flush()  # of a run that is just being submitted, the rows too
    named = steps_named(step.condition)
    ids: dict[str, int] = dict(transaction.connection.execute(_NAMES, (parent.run_id,)).fetchall())
    facts = {
        name: _facts(transaction, transaction.parent(ids[name]), "documents" in fields)
        for name, fields in named.items()
        if name in ids
    }
    run = intact(transaction.connection, parent.run_id, JobDefinition)
    around = Surroundings() if run is None else Surroundings(run.variables, run.tags)
    return decide(step.condition, facts, around)


def _facts(transaction: Transaction, step: ParentRow, with_documents: bool) -> StepFacts:  # noqa: FBT001
    documents = 0
    if with_documents:
        found = transaction.connection.execute(_DOCUMENTS, (step.run_id, step.id)).fetchone()
        documents = found[0]
    return StepFacts(
        state=step.state,
        total=step.total,
        completed=step.completed,
        failed=step.failed,
        cancelled=step.cancelled,
        documents=documents,
        skipped=(step.reason or "").startswith(SKIPPED),
    )
