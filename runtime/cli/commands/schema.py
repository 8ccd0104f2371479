"""``quaero schema``: the JSON Schema of what people write."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.failures import CommandError
from runtime.cli.opening import ready_runtime
from runtime.cli.output import write_json

if TYPE_CHECKING:
    from runtime.assembly import Assembly

SUBJECTS = ("definition", "config", "action", "payload")
"""What there are schemas of; an action or a job type may be named alone."""


def schema(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="[SUBJECT]",
            help="definition, config, action or payload; or the name of an action or of a job type alone.",
        ),
    ] = "definition",
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="With action or payload: which action or job type. [default: all]",
            show_default=False,
        ),
    ] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,  # noqa: ARG001 - every command takes it; a schema is JSON anyway
) -> None:
    """Print a JSON Schema.

    Of a job definition, of quaero.toml, of the configuration of steps by their action, or of the payloads of jobs; with
    the actions and job types of your own modules.
    """
    if name is not None and subject not in {"action", "payload"}:
        raise CommandError(
            f"only an action or a payload has a name, got {name!r}", hint="`quaero schema payload TYPE`"
        )
    write_json(_schema(ready_runtime(store, config, quiet=True, lenient=True).assembly, subject, name))


def _schema(assembly: "Assembly", subject: str, name: str | None) -> dict[str, Any]:
    """The schema that the words ask for.

    Raises:
        CommandError: there is none of that name.
    """
    from runtime.config import config_schema
    from runtime.definitions import schema as schemas

    managers, workers = assembly.managers, assembly.workers
    match subject, name:
        case "definition", _:
            return schemas.definition_schema(managers)
        case "config", _:
            return config_schema(
                {kind: worker.settings_type for kind, worker in workers.items()},
                {action: manager.settings_type for action, manager in managers.items()},
            )
        case "action", None:
            return schemas.configurations_schema(managers)
        case "payload", None:
            return schemas.payload_schema({kind: each.payload_type for kind, each in workers.items()})
        case ("action", str(action)) | (action, None) if action in managers:
            return schemas.configuration_schema(action, managers)
        case ("payload", str(kind)) | (kind, None) if kind in workers:
            return schemas.one_payload_schema(kind, workers[kind].payload_type)
    raise _unknown(assembly, subject, name)


def _unknown(assembly: "Assembly", subject: str, name: str | None) -> CommandError:
    from runtime.definitions.findings import did_you_mean

    if name is None:
        known = [*SUBJECTS, *assembly.managers, *assembly.workers]
        message, wanted = f"there is no action and no job type {subject!r} here", subject
    else:
        known = [*(assembly.managers if subject == "action" else assembly.workers)]
        what = "action" if subject == "action" else "worker of type"
        message, wanted = f"there is no {what} {name!r} here", name
    return CommandError(message, hint=did_you_mean(wanted, known, f"there are {', '.join(sorted(known))}"))
