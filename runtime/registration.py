"""What a runtime looks at before it starts: every job type that a manager makes has a worker, every action a manager.

A name that leads nowhere would be found hours later, by a step that fails or a job that nobody takes.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from actors.manager import JobManager
from runtime.definitions import DefinitionError, DefinitionLibrary, Loaded
from runtime.definitions.findings import did_you_mean
from runtime.toml.diagnostic import Diagnostic
from runtime.toml.wording import one_of, quoted


class MissingWorkerError(ValueError):
    """A manager makes jobs of a type that no worker of this runtime does."""


def check_child_types(managers: Mapping[str, type[JobManager]], workers: Mapping[str, Any]) -> None:
    """See that each type in a manager's ``child_types`` has a worker.

    Raises:
        MissingWorkerError: one has none; the message names the manager and the nearest type there is.
    """
    for action, manager in managers.items():
        for child in manager.child_types:
            if child not in workers:
                hint = did_you_mean(child, workers, f"there are {one_of(sorted(workers))}")
                raise MissingWorkerError(
                    f"action {quoted(action)} ({manager.__module__}.{manager.__qualname__}) makes jobs of type"
                    f" {quoted(child)}, which no worker does; {hint}"
                )


def check_actions(library: DefinitionLibrary, managers: Mapping[str, type[JobManager]]) -> None:
    """See that each step of the definitions a runtime knows has a manager; those that are not enabled are passed over.

    Raises:
        DefinitionError: some have none; all are told, with file and line if they are of a file.
    """
    faults = [
        fault for loaded in library if loaded.definition.enabled for fault in _unknown(loaded, managers)
    ]
    if faults:
        raise DefinitionError(faults)


def _unknown(loaded: Loaded, managers: Mapping[str, type[JobManager]]) -> Iterable[Diagnostic]:
    if loaded.file:
        return (each for each in loaded.unrunnable if each.key_path.endswith((".action", ".type")))
    return _unknown_of_code(loaded, managers)


def _unknown_of_code(loaded: Loaded, managers: Mapping[str, type[JobManager]]) -> Iterator[Diagnostic]:
    for number, step in enumerate(loaded.definition.steps):
        if step.action not in managers:
            yield Diagnostic(
                f"definition {quoted(loaded.definition.id)}: step {quoted(step.name)}: no manager carries out"
                f" {quoted(step.action)}",
                key_path=f"steps[{number}].action",
                hint=did_you_mean(step.action, managers, f"known are {one_of(sorted(managers))}"),
            )
