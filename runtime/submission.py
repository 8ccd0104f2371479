"""The request that writes a run and all that is linked with it. Pure but for the ids it draws."""

from collections.abc import Sequence

from actors.ids import IdSource
from actors.job import JobDefinition
from actors.messages import LinkedRun, RunWait, Submit
from runtime.definitions.links import waits
from runtime.fingerprint import of_definition


def submission(
    definitions: Sequence[JobDefinition],
    ids: IdSource,
    key: str | None = None,
    fingerprint: str | None = None,
) -> Submit:
    """A request to run the first definition.

    Args:
        definitions: it and, after it, all that run before or after it (``DefinitionLibrary.linked``).
        ids: where the new runs' and steps' ids come from.
        key: the submit key of the run.
        fingerprint: what tells this request from others with that key; None = what the first definition says.
    """
    runs = [LinkedRun(each, ids.next(), tuple(ids.next() for _ in each.steps)) for each in definitions]
    run_ids = {run.definition.id: run.run_id for run in runs}
    first, *linked = runs
    if key is not None and fingerprint is None:
        fingerprint = of_definition(first.definition)
    return Submit(
        definition=first.definition,
        run_id=first.run_id,
        step_ids=first.step_ids,
        submit_key=key,
        linked=tuple(linked),
        waits=tuple(
            RunWait(run_ids[waiting], run_ids[awaited], role)
            for (waiting, awaited), role in (waits(definitions) if linked else {}).items()
        ),
        fingerprint=fingerprint,
    )
