"""``quaero auth show ID``: what is in a record, without its values."""

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.commands.auth.options import AuthArgument, record_lines, vault_of
from runtime.cli.opening import settings
from runtime.cli.output import write, write_json


def show(
    auth_id: AuthArgument,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show an auth record: the names of its cookies and headers, and where and how long they are sent."""
    from runtime.authentication import shown_record

    with vault_of(settings(store, config)) as vault:
        shown = shown_record(vault.open(auth_id))
    if as_json:
        write_json(shown)
        return
    for line in record_lines(shown):
        if not write(line):
            return
