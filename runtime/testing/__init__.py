"""The public test kit: workers, managers and definitions tested inline and in simulation, on virtual time.

For services (``docs/testing.md``):

- ``perform``, ``perform_async``, ``name_all``   one body, or one manager, alone; what it did is caught
- ``SimulatedRuntime``   the whole runtime in the test's thread; waiting costs no time
- ``simulate``           a scenario under drawn orders and faults, seed by seed
- ``fixtures``           the pytest plugin: ``quaero``, ``quaero_clock``, ``quaero_seed``

How it is made:

- ``machine``      one simulated process: a runtime on a stepped engine, killed between any two turns or in a commit
- ``driven``       the composition root that is driven to the answers of its requests; ``crew`` all on one store
- ``simulation``   whose turn it is, and when time passes; ``turns`` which of the ready ones goes next
- ``mischief``     what goes wrong, drawn from a seed; ``connection`` makes commits fail, ``bell`` rings or does not
- ``findings``     what is read back and asserted; ``seen`` as which types; ``waiting`` what is told who waits in vain

Importing the package loads nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actors.seams import ManualClock
    from runtime.testing.making import MakeRuntime, RuntimeMaker
    from runtime.testing.mischief import FAULTS
    from runtime.testing.naming import name_all
    from runtime.testing.performed import Child, Performed
    from runtime.testing.performing import perform, perform_async
    from runtime.testing.seen import SeenDocument, SeenJob, SeenLine
    from runtime.testing.simulated import SimulatedRuntime
    from runtime.testing.simulating import Simulated, simulate
    from runtime.testing.waiting import SimulatedRun, StuckError

_PLACES = {
    "FAULTS": "runtime.testing.mischief",
    "Child": "runtime.testing.performed",
    "MakeRuntime": "runtime.testing.making",
    "ManualClock": "actors.seams",
    "Performed": "runtime.testing.performed",
    "RuntimeMaker": "runtime.testing.making",
    "SeenDocument": "runtime.testing.seen",
    "SeenJob": "runtime.testing.seen",
    "SeenLine": "runtime.testing.seen",
    "Simulated": "runtime.testing.simulating",
    "SimulatedRun": "runtime.testing.waiting",
    "SimulatedRuntime": "runtime.testing.simulated",
    "StuckError": "runtime.testing.waiting",
    "name_all": "runtime.testing.naming",
    "perform": "runtime.testing.performing",
    "perform_async": "runtime.testing.performing",
    "simulate": "runtime.testing.simulating",
}

__all__ = [
    "FAULTS",
    "Child",
    "MakeRuntime",
    "ManualClock",
    "Performed",
    "RuntimeMaker",
    "SeenDocument",
    "SeenJob",
    "SeenLine",
    "Simulated",
    "SimulatedRun",
    "SimulatedRuntime",
    "StuckError",
    "name_all",
    "perform",
    "perform_async",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        from importlib import import_module

        return getattr(import_module(_PLACES[name]), name)
    raise AttributeError(f"module 'runtime.testing' has no attribute {name!r}")
