"""``name_all``: what a manager names for a step, without a runtime: all its pages, one after the other."""

from collections.abc import Mapping
from typing import Any

import msgspec

from actors.job import JobDefinition, Step, StepStart
from actors.manager import JobManager, ManagerContext
from actors.seams import ManualClock
from actors.settings import Settings
from runtime.testing.performed import Child, child_of
from runtime.testing.performing import found


def name_all(
    manager: type[JobManager],
    config: Mapping[str, Any] | msgspec.Struct | None = None,
    *,
    definition: JobDefinition | None = None,
    settings: Settings | None = None,
    resources: Mapping[str, Any] | None = None,
    clock: ManualClock | None = None,
) -> list[Child]:
    """The children that a manager names for a step.

    Args:
        manager: the manager's class.
        config: the step's configuration; checked as at the load of a definition.
        definition: the run's; None = one with this step only.
        settings: this runtime's settings of managers and workers; None = the manager's, with its defaults.
        resources: what ``context.resource`` finds, besides "clock" and "settings".
        clock: the manager's clock; by default one at 2026-01-01 00:00 UTC.

    Raises:
        AssertionError: the configuration is wrong, or a page leads to one that was there before.
        Exception: whatever the manager raises.
    """
    step = Step(name="step", action=manager.manager_type, config=msgspec.to_builtins(config or {}))
    _check(manager, step)
    definition = definition or JobDefinition(id="test", name="test", steps=(step,))
    clock = clock or ManualClock()
    settings = settings or Settings(managers={manager.manager_type: manager.settings_type()})
    known = {"clock": clock, "settings": settings, **(resources or {})}
    context = ManagerContext(clock, lambda name: found(known, name), manager.manager_type)
    children: list[Child] = []
    cursor: str | None = None
    seen: set[str] = set()
    while True:
        start = StepStart(2, 1, 1, cursor, 1, step, definition)
        page = manager(context).create_children(start, cursor)
        children += map(child_of, page.children)
        cursor = page.next_cursor
        if cursor is None:
            return children
        if cursor in seen:
            raise AssertionError(
                f"{manager.__name__} named the page {cursor!r} twice: its cursor goes in a circle"
            )
        seen.add(cursor)


def _check(manager: type[JobManager], step: Step) -> None:
    try:
        msgspec.convert(step.config, manager.config_type, strict=True)
    except msgspec.ValidationError as error:
        raise AssertionError(f"the configuration is not what {manager.__name__} takes: {error}") from error
    problems = manager.problems(step)
    if problems:
        raise AssertionError("; ".join(f"{key}: {sentence}" for key, sentence in problems))
