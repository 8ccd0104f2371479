"""``quaero auth list``: the auth records of a store."""

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.opening import reading
from runtime.cli.output import write_columns, write_json


def listing(
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the auth records: their ids and sites, and when they were added."""
    from runtime.cli.layout import time_text

    with reading(store, config) as reader:
        found = reader.auth_records()
    if as_json:
        write_json(found)
        return
    rows = [
        (each["id"], each["site"], time_text(each["created_at"]), time_text(each["updated_at"]))
        for each in found
    ]
    write_columns(("ID", "SITE", "ADDED", "CHANGED"), rows)
