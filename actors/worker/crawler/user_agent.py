"""How the crawler introduces itself, to servers and to their ``robots.txt``."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def own_name() -> str:
    """The product with its version, where it is installed."""
    try:
        return f"Quaero/{version('quaero-runtime')} (+crawler)"
    except PackageNotFoundError:  # run from a source tree that is not installed
        return "Quaero (+crawler)"
