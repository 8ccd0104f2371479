"""``quaero schema``: the JSON Schema of what people write."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.failures import CommandError
from runtime.cli.opening import ready_runtime
from runtime.cli.output import write_json


class Subject(StrEnum):
    """What there are schemas of."""

    DEFINITION = "definition"
    CONFIG = "config"
    PAYLOAD = "payload"


def schema(
    subject: Annotated[Subject, typer.Argument(help="Of what.")] = Subject.DEFINITION,
    job_type: Annotated[
        str | None,
        typer.Argument(
            metavar="[TYPE]", help="With payload: the job type. [default: all]", show_default=False
        ),
    ] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,  # noqa: ARG001 - every command takes it; a schema is JSON anyway
) -> None:
    """Print a JSON Schema.

    Of a job definition, of quaero.toml, or of the payloads of jobs.
    """
    if job_type is not None and subject is not Subject.PAYLOAD:
        raise CommandError(
            f"only payloads have a type, got {job_type!r}", hint="`quaero schema payload TYPE`"
        )
    assembly = ready_runtime(store, config, quiet=True).assembly
    if subject is Subject.CONFIG:
        from runtime.config import config_schema

        write_json(
            config_schema(
                {name: worker.settings_type for name, worker in assembly.workers.items()},
                {name: manager.settings_type for name, manager in assembly.managers.items()},
            )
        )
    elif subject is Subject.DEFINITION:
        from runtime.definitions import definition_schema

        write_json(definition_schema(assembly.managers))
    else:
        write_json(
            _payload({name: worker.payload_type for name, worker in assembly.workers.items()}, job_type)
        )


def _payload(types: dict[str, type[Any]], job_type: str | None) -> dict[str, Any]:
    """The schema of one job type's payload, or of all of them by type. Pure."""
    from runtime.definitions import payload_schema

    if job_type is None:
        return payload_schema(types)
    if job_type not in types:
        raise CommandError(
            f"there is no worker of type {job_type!r} here", hint=f"there are {', '.join(sorted(types))}"
        )
    whole = payload_schema({job_type: types[job_type]})
    payload = whole.pop("properties")[job_type]
    return {**whole, **payload, "title": f"Payload of {job_type}"}
