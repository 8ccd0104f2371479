"""What carries the actors: an embedded, durable job runtime on Thespian and SQLite.

- ``embedding``    Runtime: the API for services, sync and async; ``run`` is the handle of a run
- ``engine``       the in-process Thespian system base the actors run on
- ``store``        one SQLite file: models, migrations, verbs, the StoreActor; the only code that speaks SQL
- ``events``       EventService: one sequence, replay, subscribers
- ``definitions``  job-definition files: parse, normalise, validate with file:line
- ``config``       ``quaero.toml``: schema, loading, checking
- ``gateway``      the runtime over HTTP: API, live events
- ``cli``          the ``quaero`` command, one file per subcommand
- ``benchmark``    speed measured against bare sqlite3 in the same run

``from runtime import Runtime`` loads what it needs on first use; importing the package loads nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runtime.embedding import FanOut, Run, Runtime

__all__ = ["FanOut", "Run", "Runtime"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in __all__:
        from runtime import embedding

        return getattr(embedding, name)
    raise AttributeError(f"module 'runtime' has no attribute {name!r}")
