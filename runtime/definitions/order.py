"""Dependencies between named things: which order they allow, and which go in a circle. Pure.

No recursion; the cost is nearly linear in names and dependencies.
"""

from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush


def in_order(depends: Mapping[str, Iterable[str]]) -> list[str]:
    """The names, each after all it depends on, otherwise as given; those that a circle holds up are left out.

    Dependencies that are no names of the mapping are ignored.
    """
    names = list(depends)
    position = {name: number for number, name in enumerate(names)}
    waiting = {name: {each for each in needed if each in depends} for name, needed in depends.items()}
    needed_by: dict[str, list[str]] = {name: [] for name in names}
    for name, needed in waiting.items():
        for each in needed:
            needed_by[each].append(name)
    ready = [position[name] for name in names if not waiting[name]]
    heapify(ready)
    ordered: list[str] = []
    while ready:
        name = names[heappop(ready)]
        ordered.append(name)
        for later in needed_by[name]:
            waiting[later].discard(name)
            if not waiting[later]:
                heappush(ready, position[later])
    return ordered


def all_before(name: str, depends: Mapping[str, Iterable[str]]) -> dict[str, None]:
    """All that a name depends on, directly or not, nearest first."""
    found: dict[str, None] = {}
    waiting = [name]
    for each in waiting:
        for needed in depends.get(each, ()):
            if needed not in found:
                found[needed] = None
                waiting.append(needed)
    return found


def circle(depends: Mapping[str, Iterable[str]]) -> list[str] | None:
    """One circle of dependencies, its first name repeated at the end; None if there is none."""
    stuck = set(depends) - set(in_order(depends))
    if not stuck:
        return None
    name = next(each for each in depends if each in stuck)
    walked: dict[str, int] = {}
    while name not in walked:
        walked[name] = len(walked)
        name = next(each for each in depends[name] if each in stuck)
    return [*list(walked)[walked[name] :], name]
