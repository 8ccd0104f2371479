"""A pytest plugin that runs Thespian's suite on our engine: what its fixtures and skip lists need to know of it.

The suite skips by base name. Ours is treated like multiprocQueueBase, which is concurrent and has one node, where a
test says that a base does not support something; what is merely unstable there runs here.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import thespian.test
from thespian.actors import ActorSystem

from tests.conformance.thespian_base import BASE_NAME, register

REPORT_VARIABLE = "QUAERO_CONFORMANCE_REPORT"
"""Names the file that gets the outcome of every test, as JSON."""

LIKE = "multiprocQueueBase"

_outcomes: dict[str, str] = {}


@pytest.fixture(params=[BASE_NAME])
def asys(request: pytest.FixtureRequest) -> Iterator[ActorSystem]:
    """Thespian's own fixture, for our base alone."""
    capabilities = {"Foo Allowed": True, "Cows Allowed": True, "Dogs Allowed": True, "dog": "food"}
    system = ActorSystem(
        systemBase=request.param, capabilities=capabilities, logDefs=False, transientUnique=True
    )
    system.base_name = request.param
    system.port_num = None
    system.txonly = False
    yield system
    system.shutdown()


def actor_system_unsupported(_system: object, *unsupported: str) -> None:
    """Skip what a concurrent base of one node can not do."""
    if LIKE in unsupported:
        pytest.skip("needs several actor systems that adopt each other's actors")


def unstable_test(run_unstable_tests: object, system: object, *unstable: str) -> None:
    """Nothing is known to be unstable on our base."""


def pytest_configure() -> None:
    """Before the suite's modules take these names from ``thespian.test``."""
    register()
    thespian.test.asys = asys
    thespian.test.actor_system_unsupported = actor_system_unsupported
    thespian.test.unstable_test = unstable_test


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Only tests of a system base: the others are of Thespian's own parts."""
    kept = [each for each in items if _base_of(each) == BASE_NAME]
    config.hook.pytest_deselected(items=[each for each in items if _base_of(each) != BASE_NAME])
    items[:] = kept


def _base_of(item: pytest.Item) -> object:
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("asys") if callspec is not None else None


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep the worst outcome of a test's phases."""
    name = report.nodeid.rpartition("/")[2]
    if report.outcome != "passed" or (report.when == "call" and name not in _outcomes):
        _outcomes[name] = report.outcome


def pytest_sessionfinish() -> None:
    """Write the outcomes."""
    path = os.environ.get(REPORT_VARIABLE)
    if path:
        Path(path).write_text(json.dumps(_outcomes, indent=1, sort_keys=True), encoding="utf-8")
