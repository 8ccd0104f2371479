"""``quaero check FILE…``: whether definitions and configurations can be used, without starting anything."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.checking import Checked, check_directory, check_file
from runtime.cli.exits import ExitCode
from runtime.cli.opening import ready_runtime
from runtime.cli.output import tell, write_json, write_text
from runtime.cli.printable import one_line
from runtime.toml.diagnostic import BadFileError


def check(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Job definitions, configurations, or directories of them.",
            show_default=False,
        ),
    ],
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Check job definitions and configurations.

    Every fault is told with its file and line; nothing is started.
    """
    found = _found(files, store, config)
    ok = not any(each.errors for each in found)
    if as_json:
        write_json(as_object(found))
    for each in found:
        for severity, diagnostics in (("error", each.errors), ("warning", each.warnings)):
            for diagnostic in diagnostics:
                tell(one_line(f"{diagnostic}" if severity == "error" else f"warning: {diagnostic}"))
        if not each.errors and not as_json:
            write_text(f"{each.file}: {each.what}: ok{firing_text(each)}")
    return ExitCode.DONE if ok else ExitCode.BAD_INPUT


def _found(files: Sequence[Path], store: Path | None, config: Path | None) -> list[Checked]:
    """What is found of each file.

    Raises:
        ConfigError: the configuration that definitions are judged by is wrong, and is none of the files.
    """
    wrong: BadFileError | None = None
    assembly = None
    try:
        assembly = ready_runtime(store, config, quiet=True, lenient=True).assembly
    except BadFileError as error:
        wrong = error
    found: list[Checked] = []
    for file in files:
        found += check_directory(file, assembly) if file.is_dir() else [check_file(file, assembly)]
    if wrong is not None and not _tells(found, wrong):
        raise wrong
    return found


def _tells(found: Sequence[Checked], wrong: BadFileError) -> bool:
    """Whether the file that is wrong is among those found wrong."""
    culprits = {Path(each.file).resolve() for each in wrong.diagnostics if each.file}
    return any(each.errors and Path(each.file).resolve() in culprits for each in found)


def as_object(found: Sequence[Checked]) -> dict[str, Any]:
    """What ``--json`` shows: each file with its faults, and the first error as every command shows one. Pure."""
    errors = [error for each in found for error in each.errors]
    return {
        "ok": not errors,
        **({"error": fault(errors[0])} if errors else {}),
        "files": [
            {
                "file": each.file,
                "kind": each.kind,
                "ok": not each.errors,
                "errors": [fault(error) for error in each.errors],
                "warnings": [fault(warning) for warning in each.warnings],
                **({"next_firings": list(each.firings)} if each.firings else {}),
            }
            for each in found
        ],
    }


def firing_text(checked: Checked) -> str:
    """When a scheduled definition fires next, in words. Pure, but for the host's time zone files."""
    from actors.firing import moment_text

    shown = ", ".join(moment_text(each, checked.time_zone) for each in checked.firings)
    return shown and f", fires at {shown}"


def fault(diagnostic: Any) -> dict[str, Any]:
    """A diagnostic in the shape of every error: ``{message, file?, line?, path?, hint?}``. Pure."""
    shown = {
        "message": diagnostic.message,
        "file": diagnostic.file,
        "line": diagnostic.line,
        "path": diagnostic.key_path,
        "hint": diagnostic.hint,
    }
    return {name: value for name, value in shown.items() if value}
