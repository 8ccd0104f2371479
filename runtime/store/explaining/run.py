"""Why a run does not move: itself, and its steps that have not ended."""

import msgspec

from runtime.store.explaining.children import step_reasons
from runtime.store.explaining.reason import Reason, ReasonCode, counted
from runtime.store.explaining.scene import Scene
from runtime.store.explaining.step import closing_hold, pause_holds, wait_holds
from runtime.store.moves import PARENT_IS_OPEN
from runtime.store.rows import ParentRow, read_parents

STEPS_SHOWN = 20
"""Open steps that are looked at one by one: those that have begun first, then those that wait."""

_OPEN_STEPS = f"""
SELECT parent.id, job.name FROM parent JOIN job ON job.id = parent.id
WHERE parent.run_id = ? AND parent.kind = 'step' AND parent.state {PARENT_IS_OPEN}
ORDER BY parent.waiting > 0, parent.id LIMIT ?
"""


def run_reasons(scene: Scene, run: ParentRow) -> list[Reason]:
    """The reasons of a run that has not ended."""
    own = [closing_hold(run)] if run.closing is not None else pause_holds(run)
    names = dict(scene.connection.execute(_OPEN_STEPS, (run.id, STEPS_SHOWN)).fetchall())
    steps = {step.id: step for step in read_parents(scene.connection, names)}
    reasons = list(own)
    for step_id, name in names.items():
        step = steps[step_id]
        found = (
            wait_holds(scene, step) if step.waiting and step.closing is None else step_reasons(scene, step)
        )
        # What is said of the run need not be said of each step again.
        told = {reason.text for reason in own} | {"its run is paused"}
        reasons += [msgspec.structs.replace(each, step=name) for each in found if each.text not in told]
    if run.open_steps > len(names):
        more = run.open_steps - len(names)
        reasons.append(Reason(ReasonCode.WAITING_FOR_STEP, f"{counted(more, 'further step')} not ended"))
    return reasons
