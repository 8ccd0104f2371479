"""What holds jobs of one type back, whichever they are: a pause, missing workers, deaf bodies, full slots."""

from actors.ids import id_text
from runtime.store.explaining.reason import Reason, ReasonCode, counted, seconds_text
from runtime.store.explaining.scene import RuntimeSeen, Scene
from runtime.store.moves import IS_RUNNING

START = "`quaero work` starts one"
USERS_SHOWN = 3
"""Runs that are named as those that use the slots."""


def type_holds(scene: Scene, job_type: str, jobs: int) -> list[Reason]:
    """Why no runtime takes jobs of this type now, but for full slots; [] = one does."""
    paused = scene.connection.execute("SELECT 1 FROM paused_type WHERE type = ?", (job_type,)).fetchone()
    reasons = []
    if paused is not None:
        text = f"the worker type {job_type!r} is paused"
        hint = f"`quaero resume --type {job_type}` lets it go on"
        reasons.append(Reason(ReasonCode.PAUSED, text, hint, jobs))
    working = scene.working
    if not working:
        return [*reasons, _no_runtime(scene, jobs)]
    able = [each for each in working if each.offer is not None and job_type in each.offer.slots]
    if able:
        return [*reasons, *silent_hold(able, jobs)]
    held = [
        (each, each.offer.held_back[job_type])
        for each in working
        if each.offer is not None and job_type in each.offer.held_back
    ]
    if held:
        where = "; ".join(f"{each.name}: {why}" for each, why in held)
        text = f"no runtime takes jobs of type {job_type!r} any more: {where}"
        hint = "it goes on as those bodies end; mend the worker, or start the runtime anew"
        return [*reasons, Reason(ReasonCode.HELD_BACK, text, hint, jobs)]
    text = f"no worker of type {job_type!r} is registered in {_these(working)}"
    hint = (
        f"start a runtime that has it: `[modules] workers` in quaero.toml, or Runtime(workers=[{job_type}])"
    )
    return [*reasons, Reason(ReasonCode.NO_WORKER, text, hint, jobs)]


def action_holds(scene: Scene, action: str) -> list[Reason]:
    """Why no runtime names children of steps with this action now; [] = one does."""
    working = scene.working
    if not working:
        return [_no_runtime(scene, 0)]
    able = [each for each in working if each.offer is not None and action in each.offer.actions]
    if able:
        return silent_hold(able, 0)
    text = f"no manager of the action {action!r} is registered in {_these(working)}"
    hint = "start a runtime that has it: `[modules] managers` in quaero.toml, or Runtime(managers=[…])"
    return [Reason(ReasonCode.NO_MANAGER, text, hint)]


def silent_hold(able: list[RuntimeSeen], jobs: int) -> list[Reason]:
    """All who could do it live and have not committed for too long."""
    if not all(each.silent_ms for each in able):
        return []
    since = ", ".join(f"{each.name} for {seconds_text(each.silent_ms)}" for each in able)
    return [
        Reason(
            ReasonCode.STORE_UNAVAILABLE,
            f"nothing has been committed by {since}: it is frozen, or the store can not be written",
            "see its log; look for a full disk, or a stopped process that holds the store's lock",
            jobs,
        )
    ]


def slots_hold(scene: Scene, job_type: str, jobs: int) -> Reason | None:
    """Whether all slots for the type are in use, and by whom; None = one is free."""
    uses = []
    for runtime in scene.working:
        if runtime.offer is None or job_type not in runtime.offer.slots:
            continue
        rows = scene.connection.execute(
            f"SELECT root_id, count(*) FROM main.job INDEXED BY job_leased WHERE state {IS_RUNNING} AND owner = ?"
            " AND type = ? GROUP BY root_id ORDER BY count(*) DESC, root_id",
            (runtime.id, job_type),
        ).fetchall()
        used, slots = sum(row[1] for row in rows), runtime.slots(job_type)
        if used < slots:
            return None
        by = ", ".join(f"{number} by run {id_text(run_id)}" for run_id, number in rows[:USERS_SHOWN])
        more = len(rows) - USERS_SHOWN
        by += f" and {counted(more, 'more run')}" if more > 0 else ""
        uses.append(f"{used} of {slots} in {runtime.name}" + (f" ({by})" if by else ""))
    if not uses:
        return None
    text = f"all slots for jobs of type {job_type!r} are in use: {'; '.join(uses)}"
    hint = f"it is taken as they end; `[workers.{job_type}] slots` has more run at once"
    return Reason(ReasonCode.SLOTS_FULL, text, hint, jobs)


def _no_runtime(scene: Scene, jobs: int) -> Reason:
    stopping = [each for each in scene.runtimes if each.lives and each.offer is not None]
    if stopping:
        text = f"no runtime takes work: {', '.join(each.name for each in stopping)} is stopping"
    else:
        text = "no runtime works on this store"
    return Reason(ReasonCode.NO_RUNTIME, text, START, jobs)


def _these(working: list[RuntimeSeen]) -> str:
    return "any of " + ", ".join(each.name for each in working) if len(working) > 1 else working[0].name
