"""The definition that a command is given by its file or its id, with what its author should know."""

from typing import TYPE_CHECKING

from runtime.cli.failures import CommandError
from runtime.cli.output import tell

if TYPE_CHECKING:
    from actors.job import JobDefinition
    from runtime.embedding import Runtime


def loaded(runtime: "Runtime", wanted: str) -> "tuple[JobDefinition, list[str]]":
    """The definition and its warnings, which are told; refused here if the runtime can not run it.

    Raises:
        DefinitionError: the file is wrong.
        CommandError: there is no manager or worker for a step.
    """
    from runtime.definitions import load_definition
    from runtime.linking import is_id
    from runtime.refusal import RefusedError

    assembly = runtime.assembly
    if is_id(wanted, assembly.library):
        found = assembly.library[wanted]
    else:
        found = load_definition(wanted, managers=assembly.managers)
    warnings = [str(each) for each in found.warnings]
    for warning in warnings:
        tell(f"warning: {warning}")
    try:
        assembly.together(wanted)
    except RefusedError as error:
        raise CommandError(str(error), file=found.file) from error
    return found.definition, warnings
