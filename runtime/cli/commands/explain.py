"""``quaero explain ID``: why a run, a step or a job does not move."""

from typing import TYPE_CHECKING

from runtime.cli.arguments import ConfigOption, JobArgument, JsonOption, StoreOption
from runtime.cli.failures import CommandError
from runtime.cli.opening import reading
from runtime.cli.output import write_json, write_text

if TYPE_CHECKING:
    from runtime.store.explaining.reason import Explanation


def explain(
    job: JobArgument,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why a run, a step or a job does not move.

    Every reason that holds now comes with its values and what can be done. It is read from the store alone, beside
    whatever runs on it.
    """
    from actors.ids import parse_id
    from actors.seams import SystemClock

    number = parse_id(job)
    with reading(store, config) as reader:
        found = reader.explain(number, SystemClock())
        if found is None:
            raise CommandError(f"there is no job {job} in {reader.path}", hint="`quaero jobs` lists them")
    if as_json:
        write_json(found)
    else:
        write_text("\n".join(lines_of(found)))


def lines_of(found: "Explanation") -> list[str]:
    """The explanation as people read it. Pure."""
    lines = [f"{found.kind} {found.id} {found.name!r}: {found.state}"]
    for reason in found.reasons:
        step = f"step {reason.step!r}: " if reason.step else ""
        jobs = f" [{reason.jobs} {'job' if reason.jobs == 1 else 'jobs'}]" if reason.jobs else ""
        lines.append(f"- {step}{reason.text}{jobs}")
        if reason.hint:
            lines.append(f"    {reason.hint}")
    return lines if found.reasons else [*lines, "- nothing holds it: it moves"]
