"""``quaero auth remove ID``: acknowledged when durable, also beside runtimes that work on the store."""

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.asking import asked, writing
from runtime.cli.commands.auth.options import AuthArgument
from runtime.cli.failures import CommandError
from runtime.cli.opening import reader_of, settings
from runtime.cli.output import write_json, write_text


def remove(
    auth_id: AuthArgument,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forget an auth record. Crawls that log in with it fail from their next page on."""
    from actors.messages import RemoveAuthRecord

    wanted = settings(store, config)
    with reader_of(wanted):  # refuses a store that is not there
        pass
    with writing(wanted) as file:
        answer = asked(file, RemoveAuthRecord(auth_id))
    if not answer.changed:
        raise CommandError(f"there is no auth record {auth_id!r}", hint="`quaero auth list` lists them")
    if as_json:
        write_json({"id": auth_id, "changed": True})
        return
    write_text(f"{auth_id} is forgotten")
