"""A request that came before with its submit key has the run of then, whatever has become of its definition since.

Asked only once a definition was refused: whoever repeats a request whose answer was lost wants that answer, and not to
hear that its definition was removed or disabled meanwhile.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actors.job import JobDefinition
from runtime.admission import as_stored
from runtime.definitions import DefinitionError, load_definition
from runtime.fingerprint import of_definition, of_text
from runtime.linking import is_there
from runtime.refusal import RefusedError


def fingerprint_of_refused(
    wanted: JobDefinition | str | Path | Any, managers: Mapping[str, Any]
) -> str | None:
    """The fingerprint that a request had before its definition was refused; None if that can not be told any more.

    An id is one whether it still names a definition or not; a file has to be there, since its text is what counts.
    """
    try:
        if isinstance(wanted, JobDefinition):
            return of_definition(as_stored(wanted))
        if not isinstance(wanted, str | Path):
            return None
        if is_there(wanted):
            return of_definition(as_stored(load_definition(wanted, managers=managers).definition))
    except (DefinitionError, RefusedError):
        return None
    return of_text(wanted) if isinstance(wanted, str) else None
