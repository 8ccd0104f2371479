"""Why a step does not move: itself, and how many of its jobs for which reason."""

from actors.ids import id_text
from actors.job import Closing, JobState, WaitRole
from runtime.store.explaining.holds import action_holds
from runtime.store.explaining.reason import Reason, ReasonCode, counted
from runtime.store.explaining.scene import Scene
from runtime.store.moves import PARENT_IS_OPEN
from runtime.store.rows import ParentRow, read_parents
from runtime.store.verbs.name import MAX_NAMING_ATTEMPTS
from runtime.store.verbs.pause import ITS_RUN, ITSELF

CHAIN = 3
"""How far it is followed what a step waits for, and that waits for."""
WAITS_SHOWN = 20

_WAITS = f"""
SELECT dependency.needs_id, dependency.role, job.name, job.type, job.state
FROM dependency JOIN job ON job.id = dependency.needs_id
WHERE dependency.step_id = ? AND job.state {PARENT_IS_OPEN} ORDER BY dependency.needs_id LIMIT ?
"""
_CLOSING = {
    Closing.CANCEL: "cancelled",
    Closing.FAILED: "failed",
    Closing.TIMEOUT: "timed out",
    Closing.TOLERANCE: "too many failures",
}


def closing_text(parent: ParentRow) -> str:
    """Why the parent takes no more work."""
    return parent.reason or (_CLOSING[parent.closing] if parent.closing is not None else "")


def closing_hold(parent: ParentRow) -> Reason:
    """What a closing parent waits for."""
    waiting = parent.pending + parent.scheduled
    left = (
        [f"{counted(parent.running, 'job')} still {'runs' if parent.running == 1 else 'run'}"]
        if parent.running
        else []
    )
    left += [f"{counted(waiting, 'waiting job')} about to be cancelled"] if waiting else []
    left += [f"{counted(parent.open_steps, 'step')} not ended"] if parent.open_steps else []
    text = f"it takes no more work ({closing_text(parent)}); {' and '.join(left) or 'nothing is left of it'}"
    return Reason(ReasonCode.CLOSING, text, "it ends with the last of them", parent.running + waiting)


def pause_holds(step: ParentRow) -> list[Reason]:
    """Pauses of the step and of its run."""
    reasons = []
    if step.paused & ITS_RUN:
        hint = f"`quaero resume {id_text(step.run_id)}` lets it go on"
        reasons.append(Reason(ReasonCode.PAUSED, "its run is paused", hint))
    if step.paused & ITSELF:
        what = "the step is paused" if step.kind == "step" else "the run is paused"
        reasons.append(Reason(ReasonCode.PAUSED, what, f"`quaero resume {id_text(step.id)}` lets it go on"))
    return reasons


def wait_holds(scene: Scene, step: ParentRow, *, chain: int = CHAIN) -> list[Reason]:
    """What the step waits for, and what that waits for."""
    if not step.waiting:
        return []
    reasons = []
    for needs_id, role, name, job_type, state in scene.connection.execute(
        _WAITS, (step.id, WAITS_SHOWN)
    ).fetchall():
        if role == WaitRole.STEP:
            code, what = ReasonCode.WAITING_FOR_STEP, f"step {name!r}"
        elif role == WaitRole.POST:
            code, what = (
                ReasonCode.WAITING_FOR_RUN,
                f"run {id_text(needs_id)} of {job_type!r}, after which it comes",
            )
        else:
            code, what = ReasonCode.WAITING_FOR_RUN, f"its pre-job, run {id_text(needs_id)} of {job_type!r}"
        text = f"it waits for {what}, which is {state}"
        why = _why(scene, needs_id, chain - 1)
        reasons.append(Reason(code, f"{text}: {why}" if why else text))
    if len(reasons) < step.waiting:
        more = step.waiting - len(reasons)
        reasons.append(
            Reason(ReasonCode.WAITING_FOR_STEP, f"it waits for {counted(more, 'more step')} or runs")
        )
    return reasons


def naming_holds(scene: Scene, step: ParentRow) -> list[Reason]:
    """Why the children of a step that may begin are not all known."""
    if step.named or step.waiting or step.closing is not None:
        return []
    attempt = f"attempt {step.naming_attempt} of {MAX_NAMING_ATTEMPTS}"
    if step.naming == "leased":
        owner = scene.owner(step.naming_owner)
        who = f"runtime {step.naming_owner}, which is gone" if owner is None else owner.name
        if owner is not None and not owner.lives:
            who += ", which has died"
        text = f"its children are being named by {who} ({attempt}); {counted(step.total, 'job')} so far"
        return [Reason(ReasonCode.NAMING, text, "the manager of its action is at work")]
    if step.naming != "ready" or step.paused:
        return []
    reasons = []
    if step.naming_at > scene.now_ms:
        text = f"naming its children failed ({_last_failure(scene, step)}); the next attempt begins"
        text += f" {scene.wait_text(step.naming_at)}, after {attempt}"
        reasons.append(
            Reason(
                ReasonCode.NAMING_BACKOFF,
                text,
                "the step fails with the last attempt",
                until_ms=step.naming_at,
            )
        )
    return reasons + action_holds(scene, step.action) or _naming_slots(scene, step)


def _naming_slots(scene: Scene, step: ParentRow) -> list[Reason]:
    uses = []
    for runtime in scene.working:
        if runtime.offer is None or step.action not in runtime.offer.actions:
            continue
        used = scene.connection.execute(
            "SELECT count(*) FROM main.parent INDEXED BY parent_named_by WHERE naming = 'leased' AND naming_owner = ?",
            (runtime.id,),
        ).fetchone()[0]
        if used < runtime.offer.naming:
            return [Reason(ReasonCode.READY, "nothing holds it: its children are about to be named")]
        uses.append(f"{used} in {runtime.name}")
    text = f"as many steps are being named as can be at once: {'; '.join(uses)}"
    return [Reason(ReasonCode.SLOTS_FULL, text, "it is taken as they end")]


def _last_failure(scene: Scene, step: ParentRow) -> str:
    found = scene.connection.execute(
        "SELECT text FROM log_entry WHERE job_id = ? AND level = 'warning' AND text LIKE 'naming its children failed%'"
        " ORDER BY id DESC LIMIT 1",
        (step.id,),
    ).fetchone()
    return (
        "the runtime's log says why"
        if found is None
        else str(found[0]).removeprefix("naming its children failed: ")
    )


def _why(scene: Scene, needs_id: int, chain: int) -> str:
    """What the awaited step or run waits for itself, in a few words."""
    if chain <= 0:
        return ""
    rows = read_parents(scene.connection, [needs_id])
    if not rows or JobState(rows[0].state).terminal:
        return ""
    row = rows[0]
    if row.closing is not None:
        return closing_hold(row).text
    found = pause_holds(row) or wait_holds(scene, row, chain=chain) or naming_holds(scene, row)
    if found:
        return found[0].text
    if row.kind == "run":
        return f"{counted(row.open_steps, 'step')} not ended"
    return row.counts.text()
