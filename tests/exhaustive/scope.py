"""What one exploration starts from and what may happen in it."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import msgspec

from actors.job import ChildSpec, ErrorTolerance, JobDefinition, OnError, Page, Step

ACTION, TYPE = "act", "work"


class Scope(msgspec.Struct, frozen=True):
    """A small world, of which everything is looked at."""

    name: str
    steps: tuple[Step, ...]
    pages: dict[str, tuple[Page, ...]] = {}  # by step; one that is not here has no children
    outcomes: tuple[str, ...] = ("complete",)  # of an attempt
    naming: tuple[str, ...] = ()  # how naming may fail
    faults: tuple[str, ...] = ()  # one of them happens at most, once
    operators: tuple[str, ...] = ()  # each once at most
    runtimes: int = 2
    most_jobs: int = 3
    max_attempts: int = 2
    max_lost: int = 1
    timeout_seconds: float = 0.0  # of the run
    every_statement: bool = False  # may be the one that fails; else the last of a transaction

    @property
    def definition(self) -> JobDefinition:
        """What is submitted."""
        return JobDefinition("small", "Small", self.steps, timeout_seconds=self.timeout_seconds)


NO_VALUE = "1 / 0 > 1"
FAILING = ("unknown", "undone", "full", "statement", "refused")
"""A commit is durable or undone, and nobody knows which; it fails; a statement fails, once or whenever it is tried."""
FAULTS = ("kill", "freeze", "duplicate", "drain", *FAILING)
"""Or a runtime dies, stands still beyond its leases, settles once more, stops."""
FAULTS_OF_THREE = tuple(each for each in FAULTS if each != "undone")
"""With three jobs: a commit that is undone, and nobody knows it, is left to the worlds with two."""
REQUESTS = (
    *("cancel run", "cancel step", "cancel job"),
    *("pause run", "pause step", "pause job"),
    *("retry run", "retry job"),
)
"""What operators may ask."""


def children(number: int, **options: Any) -> Page:
    """A page of so many children."""
    return Page(tuple(ChildSpec(TYPE, f'{{"n":{each}}}', **options) for each in range(number)))


def _step(name: str = "only", **options: Any) -> Step:
    return Step(name, ACTION, **options)


def short() -> tuple[Scope, ...]:
    """The worlds of the suite: up to two jobs; some with fewer faults."""
    return _scopes(2)


def long() -> tuple[Scope, ...]:
    """The worlds of ``make exhaustive``, the longest first.

    With three jobs everything that happens by itself, and each request of an operator alone; with two jobs any two
    requests; with two jobs, that any statement of any transaction fails.
    """
    statements = [
        msgspec.structs.replace(
            scope, name=f"{scope.name}: any statement", faults=("statement",), every_statement=True
        )
        for scope in _scopes(2)
        if scope.pages and "damage" not in scope.faults
    ]
    return (*map(_of_three, REQUESTS), *_scopes(3), *_pairs(), *statements)


def _of_three(request: str) -> Scope:
    return Scope(
        f"three jobs, and an operator's {request}",
        (_step(),),
        {"only": (children(3),)},
        ("complete", "fail for good"),
        faults=FAULTS_OF_THREE,
        operators=(request,),
    )


def _pairs() -> Iterator[Scope]:
    """Two jobs, and two requests of operators, each once, in any order and at any time."""
    for first, second in combinations(REQUESTS, 2):
        yield Scope(
            f"two jobs, {first} and {second}",
            (_step(),),
            {"only": (children(2),)},
            ("complete", "fail for good"),
            faults=FAULTS,
            operators=(first, second),
        )


def _scopes(jobs: int) -> tuple[Scope, ...]:
    one, some = children(1), children(jobs - 1)
    whole = jobs > 2
    every = FAULTS_OF_THREE if whole else FAULTS
    many = ("kill", "freeze", "unknown", "duplicate", "drain") if whole else ("kill", "unknown")
    pages = (msgspec.structs.replace(one, next_cursor="1"), some)
    return (
        Scope(
            "pages of children, and every fault",
            (_step(),),
            {"only": pages},
            naming=("again", "for good"),
            faults=every,
        ),
        Scope(
            "every outcome, and every fault",
            (_step(),),
            {"only": (children(1),)},
            ("complete", "fail", "fail at once", "fail for good", "snooze", "give up", "give back"),
            faults=every,
        ),
        Scope(
            "jobs that spawn, and every fault",
            (_step(),),
            {"only": (children(jobs - 1),)},
            ("complete", "spawn", "spawn and fail", "spawn twice"),
            faults=every,
            most_jobs=jobs,
        ),
        Scope(
            "leases that are lost once too often",
            (_step(),),
            {"only": (children(jobs),)},
            ("complete", "fail"),
            faults=("kill", "freeze"),
            max_lost=0,
        ),
        Scope(
            "cancels",
            (_step(),),
            {"only": (children(jobs - 1),)},
            ("complete", "spawn and fail", "spawn") if whole else ("complete", "fail", "snooze", "spawn"),
            faults=many,
            operators=("cancel run", "cancel job"),
            most_jobs=jobs,
        ),
        Scope(
            "jobs with a delay, of two steps, one cancelled",
            (
                _step("first", on_error=OnError.CONTINUE),
                _step("second", depends=("first",), on_error=OnError.CONTINUE),
            ),
            {"first": (children(1, delay_ms=1000),), "second": (children(1),)},
            ("complete", "fail for good"),
            faults=("kill", "unknown"),
            operators=("cancel step", "cancel job"),
        ),
        Scope(
            "pauses",
            (_step(),),
            {"only": (children(jobs - 1),)},
            ("complete", "fail"),
            faults=many,
            operators=("pause run", "pause step", "pause job"),
        ),
        Scope(
            "retries",
            (_step("first"), _step("second", depends=("first",))),
            {"first": (children(jobs - 1),), "second": (children(1),)},
            ("complete", "fail for good"),
            faults=many,
            operators=("retry run", "retry job"),
        ),
        Scope(
            "retries after cancels",
            (_step(),),
            {"only": (children(2),)},
            ("complete", "fail for good"),
            faults=("kill", "unknown") if whole else (),
            operators=("cancel run", "cancel job", "retry run"),
        ),
        Scope(
            "rows that are damaged",
            (_step(on_error=OnError.CONTINUE),),
            {"only": (Page((*children(1, delay_ms=1000).children, *children(1).children)),)},
            ("complete", "fail", "give back") if whole else ("complete", "give back"),
            faults=("damage",),
            operators=("retry run",),
        ),
        Scope(
            "steps that are skipped",
            (_step("off", enabled=False), _step("false", depends=("off",), condition="1 > 2")),
            operators=("retry run",),
        ),
        Scope(
            "a tolerance that is used up",
            (_step(error_tolerance=ErrorTolerance(max_child_failures=1)),),
            {"only": (children(jobs),)},
            ("complete", "fail for good"),
            faults=("kill", "unknown"),
        ),
        Scope(
            "a time limit of a step, and one of the run",
            (_step("first", timeout_seconds=0.5), _step("second", depends=("first",))),
            {"first": (children(1),), "second": (children(1),)},
            ("complete", "fail"),
            faults=("kill", "unknown"),
            timeout_seconds=1.5,
        ),
        Scope("a condition without a value", (_step(condition=NO_VALUE),), operators=("retry run",)),
        Scope(
            "a condition without a value, that may fail",
            (_step("first", condition=NO_VALUE, on_error=OnError.CONTINUE), _step("off", enabled=False)),
            faults=FAULTS,
            operators=("retry run", "cancel run"),
        ),
    )
