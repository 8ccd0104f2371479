"""The conditions of a definition's steps, each against the steps that its own one waits for. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from actors.orchestrator.condition import Surroundings, condition_problem
from runtime.definitions.order import all_before


def condition_faults(
    conditions: Mapping[str, str], depends: Mapping[str, Iterable[str]], around: Surroundings
) -> Iterator[tuple[str, str, str]]:
    """What is wrong: the step, a sentence and a hint for each fault.

    Args:
        conditions: the condition of each step that has one.
        depends: of every step the ones it waits for.
        around: the definition's variables and tags.
    """
    for name, text in conditions.items():
        problem = condition_problem(text, all_before(name, depends), depends, around, own=name)
        if problem is not None:
            yield name, f"condition {problem[0]}", problem[1]
