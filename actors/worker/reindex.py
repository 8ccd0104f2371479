"""``reindex``: makes the search index anew beside the one in use, or only tells how the one in use differs.

A build goes on where it was, whoever begins again: its progress is in the store.
"""

import msgspec

from actors.ids import id_text
from actors.upkeep import SearchDifferences, StoreUpkeep, UpkeepError
from actors.worker.context import JobContext
from actors.worker.decorator import worker
from actors.worker.errors import RetryableError

WORKER_TYPE = "reindex"
NAMED = 20
"""Documents of each kind of difference that the result names."""


class ReindexTask(msgspec.Struct, frozen=True, omit_defaults=True):
    """With ``dry_run`` nothing is changed."""

    dry_run: bool = False


class Reindexed(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the index was before: how many documents it misses, has with an old text, or has although they are gone.

    The lists have the ids of the first of them.
    """

    dry_run: bool
    documents: int
    missing: int
    stale: int
    orphaned: int
    missing_ids: tuple[str, ...] = ()
    stale_ids: tuple[str, ...] = ()
    orphaned_ids: tuple[str, ...] = ()


@worker(WORKER_TYPE, slots=1, max_attempts=5, backoff_seconds=1.0, stop_grace_seconds=30.0, spawns=False)
def reindex(payload: ReindexTask, context: JobContext) -> Reindexed:
    """Compare, and unless it is a dry run build."""
    upkeep: StoreUpkeep = context.resource("upkeep")
    try:
        found = _differences(payload, upkeep, context)
        if not payload.dry_run:
            _build(upkeep, context)
    except UpkeepError as error:
        raise RetryableError(str(error)) from error
    return found


def _differences(task: ReindexTask, upkeep: StoreUpkeep, context: JobContext) -> Reindexed:
    found = Reindexed(task.dry_run, 0, 0, 0, 0)
    after: int | None = 0
    while after is not None:
        context.raise_if_cancelled()
        some = upkeep.compare_search(after)
        found = _with(found, some)
        after = some.after
    for kind in ("missing", "stale", "orphaned"):
        if ids := getattr(found, f"{kind}_ids"):
            context.warning(f"{kind}: {getattr(found, kind)} documents, {', '.join(ids)}")
    context.info(
        f"{found.documents} documents; {found.missing} missing, {found.stale} stale, {found.orphaned} orphaned"
        " in the search index"
    )
    return found


def _with(found: Reindexed, some: SearchDifferences) -> Reindexed:
    return msgspec.structs.replace(
        found,
        documents=found.documents + some.documents,
        missing=found.missing + len(some.missing),
        stale=found.stale + len(some.stale),
        orphaned=found.orphaned + len(some.orphaned),
        missing_ids=_named(found.missing_ids, some.missing),
        stale_ids=_named(found.stale_ids, some.stale),
        orphaned_ids=_named(found.orphaned_ids, some.orphaned),
    )


def _named(before: tuple[str, ...], ids: tuple[int, ...]) -> tuple[str, ...]:
    return before + tuple(map(id_text, ids[: NAMED - len(before)]))


def _build(upkeep: StoreUpkeep, context: JobContext) -> None:
    documents = 0
    some = upkeep.build_search(None)
    while not some.done:
        context.raise_if_cancelled()
        documents += some.documents
        some = upkeep.build_search(some.number)
    context.info(f"{documents + some.documents} documents were indexed anew")
