"""``quaero schedule FILE``: acknowledged when durable, also beside runtimes that work on the store."""

from runtime.cli.arguments import ConfigOption, DefinitionArgument, JsonOption, StoreOption
from runtime.cli.asking import asked, writing
from runtime.cli.failures import CommandError
from runtime.cli.naming import loaded
from runtime.cli.opening import ready_runtime
from runtime.cli.output import write, write_json


def schedule(
    wanted: DefinitionArgument,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Submit a job definition by itself, whenever its `schedule` fires.

    It takes the place of an older schedule of the same id. Any runtime on the store fires it, once; while none is up
    nothing does, and what was missed runs once. A firing is skipped while the run before goes on.
    """
    from actors.firing import DEFAULT_ZONE, moment_text
    from runtime.refusal import RefusedError
    from runtime.scheduling import schedule_request

    runtime = ready_runtime(store, config)
    definition, _ = loaded(runtime, wanted)
    try:
        request = schedule_request(runtime.assembly.together(wanted))
    except RefusedError as error:
        raise CommandError(str(error)) from error
    with writing(runtime.settings) as file:
        answer = asked(file, request)
    zone = definition.time_zone or DEFAULT_ZONE
    if as_json:
        next_at = None if answer.paused else answer.next_at_ms
        write_json(
            {
                "id": answer.id,
                "changed": answer.changed,
                "schedule": definition.schedule,
                "time_zone": zone,
                "next_at": next_at,
                "paused": answer.paused,
            }
        )
    elif answer.paused:
        write(f"{answer.id} is scheduled, and paused; `quaero resume --schedule {answer.id}` lets it fire")
    else:
        when = moment_text(answer.next_at_ms, definition.time_zone)
        write(f"{answer.id} fires next at {when}, by {definition.schedule!r} in {zone}")
