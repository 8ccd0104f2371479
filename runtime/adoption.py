"""The definitions of a runtime, and what of them it sets going when it starts: schedules, and ``auto_start`` runs.

They are those of its directory and those made in code. A directory with a wrong file is refused: a schedule that is
silently missing is worse than a runtime that does not start.
"""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from actors.ids import IdSource, id_text
from actors.job import JobDefinition
from actors.messages import AdoptDefinitions, Adopted, ScheduleRuns, Submit
from runtime.admission import as_stored
from runtime.definitions import DefinitionLibrary, Loaded
from runtime.linking import Managers, together_of
from runtime.operating import refused
from runtime.refusal import RefusedError
from runtime.scheduling import schedule_request
from runtime.submission import submission

logger = logging.getLogger("quaero.definitions")


def library_of(
    directory: Path | None, definitions: Iterable[JobDefinition], managers: Managers
) -> DefinitionLibrary:
    """All definitions of a runtime by id.

    Raises:
        DefinitionError: the directory can not be read, a file in it is wrong, two definitions have one id, or their
            links lead nowhere or in a circle; all that is wrong is told at once.
    """
    if directory is None:
        return DefinitionLibrary.of(definitions)
    made = [Loaded(each, file="") for each in definitions]
    return DefinitionLibrary.from_directory(directory, managers=managers, beside=made)


def adoption(
    library: DefinitionLibrary,
    directory: Path | None,
    managers: Managers,
    workers: Mapping[str, Any],
    ids: IdSource,
) -> AdoptDefinitions:
    """The request to set going what the definitions want; what a person should know is logged.

    A definition that this runtime can not run is set going all the same, as another one on the store may.

    Raises:
        RefusedError: one that was made in code can not be stored, or its schedule never fires.
    """
    origin = "" if directory is None else str(directory.resolve())
    schedules, starts = list[ScheduleRuns](), list[Submit]()
    for loaded in library:
        definition = loaded.definition
        for warning in loaded.warnings:
            logger.warning("%s", warning)
        if not definition.enabled or not (definition.schedule or definition.auto_start):
            continue
        together = tuple(as_stored(each) for each in library.linked(definition))
        try:
            together_of(definition, library, managers, workers)
        except RefusedError as error:
            reason = loaded.unrunnable[0] if loaded.unrunnable else error
            logger.warning("definition %r can not be run here: %s", definition.id, reason)
        if definition.schedule:
            schedules.append(schedule_request(together, origin if loaded.file else ""))
        if definition.auto_start:
            starts.append(submission(together, ids))
    return AdoptDefinitions(origin, tuple(schedules), tuple(starts))


def tell_of(reply: Any) -> None:
    """Log what became of an adoption.

    Raises:
        RefusedError: the store refused it, and nothing was set going.
    """
    if not isinstance(reply, Adopted):
        raise refused(reply)
    for said, ids in (("set", reply.scheduled), ("forgotten", reply.forgotten)):
        if ids:
            logger.info("schedules %s: %s", said, ", ".join(ids))
    for run_id in reply.started:
        logger.info("run %s was started, as its definition's auto_start wants", id_text(run_id))
