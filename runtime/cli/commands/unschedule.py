"""``quaero unschedule ID``: acknowledged when durable, also beside runtimes that work on the store."""

from runtime.cli.arguments import ConfigOption, JsonOption, ScheduleArgument, StoreOption
from runtime.cli.asking import asked, writing
from runtime.cli.failures import CommandError
from runtime.cli.opening import reader_of, settings
from runtime.cli.output import write, write_json


def unschedule(
    definition_id: ScheduleArgument,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forget the schedule of a job definition; its runs go on.

    One from the directory of definitions is set again when a runtime starts: take `schedule` out of its file, or pause
    it by `quaero pause --schedule ID`.
    """
    from actors.messages import Unschedule

    wanted = settings(store, config)
    with reader_of(wanted):  # refuses a store that is not there
        pass
    with writing(wanted) as file:
        answer = asked(file, Unschedule(definition_id))
    if not answer.changed:
        raise CommandError(f"there is no schedule {definition_id!r}", hint="`quaero schedules` lists them")
    if as_json:
        write_json({"id": answer.id, "changed": True, "directory": answer.origin or None})
        return
    again = f"; it is set again at the next start while it is in {answer.origin}" if answer.origin else ""
    write(f"{answer.id} is not scheduled any more{again}")
