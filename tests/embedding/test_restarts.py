"""What dies again and again is given up, and nothing else with it."""

from functools import partial
from pathlib import Path

from thespian.actors import ActorExitRequest

from actors.job import JobState
from actors.supervision import RestartIntensity
from runtime import Runtime
from runtime.engine import tell
from runtime.settings import RuntimeSettings
from tests.embedding.processes import until
from tests.embedding.test_supervision import cells, gone
from tests.embedding.workers import ALL, Number, Where

WAIT = 100.0
JOBS = 20


def test_a_run_whose_orchestrator_keeps_dying_closes_as_failed_and_others_go_on(
    tmp_path: Path, gate: str
) -> None:
    settings = RuntimeSettings(
        store=tmp_path / "jobs.db", grace_seconds=1.0, restart_intensity=RestartIntensity(2, 60.0)
    )
    with Runtime(settings, workers=ALL) as runtime:
        run = runtime.fan_out("gated", [Where(gate)] * JOBS)
        for _ in range(3):
            until(lambda: run.progress().running == len(cells(runtime, "WorkerActor")) == 16, what="work")
            (victim,) = cells(runtime, "RunOrchestrator")
            tell(runtime.assembly.system, victim.address, ActorExitRequest())
            until(partial(gone, runtime, victim), what="its death")
        ended = run.wait(WAIT)
        other = runtime.fan_out("double", [Number(1)]).wait(WAIT)

    assert ended.state is JobState.FAILED
    assert any("the run's orchestrator died more than 2 times" in text for text in ended.errors)
    assert (other.state, runtime.assembly.failure) == (JobState.COMPLETED, "")
