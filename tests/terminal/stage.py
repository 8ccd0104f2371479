"""One row of the table on a stage of its own: a store, a runtime, and a scene for each parent, all played together."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from actors.job import ErrorTolerance, JobDefinition, Step
from actors.seams import Clock
from runtime import Runtime
from runtime.run import Run
from runtime.settings import RuntimeSettings
from tests.embedding.processes import until
from tests.terminal.cast import MANAGERS, NEVER, SIBLINGS, WORKERS, SceneConfig
from tests.terminal.judge import ENDS, Judge
from tests.terminal.table import PARENTS

WAIT_SECONDS = 100.0


class Scene(msgspec.Struct):
    """One run: the subject and its siblings below one step."""

    parent: str
    gates: Path
    run: Run
    step_id: int
    subject_id: int = 0

    def open(self, gate: str) -> None:
        """Let those go on who wait for it."""
        (self.gates / gate).touch()


class Stage:
    """Plays one row: all its scenes at the same time, on one store."""

    def __init__(self, directory: Path, *, clock: Clock | None = None, **settings: Any) -> None:
        options: dict[str, Any] = {"grace_seconds": 0.0, "worker_options": NEVER, **settings}
        self.directory = directory
        self.settings = RuntimeSettings(store=directory / "jobs.db", **options)
        self.clock = clock
        self.runtime = self._opened(self.settings)
        self.judge = Judge(self.settings.store)
        self.scenes: list[Scene] = []

    def _opened(self, settings: RuntimeSettings) -> Runtime:
        return Runtime(settings, workers=WORKERS, managers=MANAGERS, clock=self.clock).start()

    def reopen(self, **settings: Any) -> None:
        """The runtime stops, and another one goes on."""
        self.runtime.close()
        self.settings = msgspec.structs.replace(self.settings, **settings)
        self.runtime = self._opened(self.settings)
        for scene in self.scenes:
            scene.run = self.runtime.run(scene.run.number)

    def close(self) -> None:
        """Let every body end that still waits, and stop."""
        self.open("subject", "before", "after")
        self.runtime.close()
        self.judge.connection.close()

    # -- the play -----------------------------------------------------------------------------------------------

    def begin(
        self,
        act: str,
        *,
        position: str = "running",
        from_file: bool = False,
        step_seconds: float = 0.0,
        run_seconds: float = 0.0,
    ) -> None:
        """Submit the scenes, bring every subject into its position, and every parent into its state."""
        for number, parent in enumerate(PARENTS):
            gates = self.directory / f"scene {number}"
            gates.mkdir()
            config = msgspec.to_builtins(SceneConfig(act, parent, str(gates)))
            definition = _definition(act, parent, config, step_seconds, run_seconds)
            what = _written(definition, gates / "definition.toml") if from_file else definition
            submitted = self.runtime.submit(what)
            if isinstance(what, Path):
                what.unlink()
            self.scenes.append(Scene(parent, gates, submitted, self.judge.children(submitted.number)[0]))
        self._wait_for(lambda scene: self._is(scene, "subject", position), f"a {position} subject")
        for scene in self.scenes:
            found = self.judge.child(scene.step_id, "subject")
            assert found is not None
            scene.subject_id = found[0]
        self._prepare()

    def _prepare(self) -> None:
        """What is to have happened to the parents before the subjects' fates."""
        self.open("before")
        before = [scene for scene in self.scenes if "before" in dict(SIBLINGS[scene.parent])]
        self._wait_for(lambda scene: self._is(scene, "before", *ENDS), "the first siblings' ends", before)
        for scene in self.in_column("being cancelled"):
            assert self.runtime.cancel(scene.step_id)
        closing = self.in_column("being cancelled", "being stopped")
        self._wait_for(self._closing, "the closing of their parents", closing)

    def open(self, *gates: str) -> None:
        """Open these gates in every scene."""
        for gate in gates:
            for scene in self.scenes:
                scene.open(gate)

    def subjects_are(self, *states: str) -> None:
        """Wait until every subject is in one of these states, or has ended."""
        self._wait_for(lambda scene: self._is(scene, "subject", *states, *ENDS), f"{states} subjects")

    def play_out(
        self, meanwhile: Callable[[], object] = lambda: None, *, release: bool = True
    ) -> dict[str, str]:
        """Once the subjects have ended, let the others end; returns how each parent ended.

        Without ``release`` the siblings' gate stays shut: they are to be stopped, whoever hears of it first.
        """

        def ended(scene: Scene) -> bool:
            meanwhile()
            return self._is(scene, "subject", *ENDS)

        self._wait_for(ended, "the subject's end")
        if release:
            self.open("after")
        self._wait_for(
            lambda scene: self.judge.value("SELECT state FROM job WHERE id = ?", scene.run.number) in ENDS,
            "the run's end",
        )
        return {scene.parent: self.judge.end_of(scene.step_id) for scene in self.scenes}

    # -- what is seen -------------------------------------------------------------------------------------------

    def in_column(self, *parents: str) -> list[Scene]:
        """The scenes of these parents."""
        return [scene for scene in self.scenes if scene.parent in parents]

    def _is(self, scene: Scene, name: str, *states: str) -> bool:
        """Whether all the step's children of that name are in one of these states, and there is one."""
        found = self.judge.rows("SELECT state FROM job WHERE parent_id = ? AND name = ?", scene.step_id, name)
        return bool(found) and all(state in states for (state,) in found)

    def _closing(self, scene: Scene) -> bool:
        closing = self.judge.value("SELECT closing FROM parent WHERE id = ?", scene.step_id)
        return closing is not None

    def _wait_for(
        self, condition: Callable[[Scene], bool], what: str, scenes: Iterable[Scene] | None = None
    ) -> None:
        for scene in self.scenes if scenes is None else scenes:
            until(lambda scene=scene: condition(scene), seconds=WAIT_SECONDS, what=f"{what} {scene.parent!r}")  # type: ignore[misc]


def _definition(
    act: str, parent: str, config: dict[str, Any], step_seconds: float, run_seconds: float
) -> JobDefinition:
    failures = 1 if parent == "being stopped" else 0
    if act == "breaker" and not failures:
        failures = 1 + sum(not good for gate, good in SIBLINGS[parent] if gate == "before")
    tolerance = ErrorTolerance(max_child_failures=failures) if failures else None
    step = Step("scene", "scene", config, error_tolerance=tolerance, timeout_seconds=step_seconds)
    return JobDefinition("scene", "scene", (step,), timeout_seconds=run_seconds)


def _written(definition: JobDefinition, path: Path) -> Path:
    (step,) = definition.steps
    lines = ['id = "scene"', 'name = "scene"', "[step.scene]", 'action = "scene"']
    lines += [f"{key} = {msgspec.json.encode(value).decode()}" for key, value in step.config.items()]
    if step.error_tolerance is not None:
        lines += [
            "[step.scene.error_tolerance]",
            f"max_child_failures = {step.error_tolerance.max_child_failures}",
        ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path
