from runtime.cli.exits import ExitCode
from runtime.cli.failures import CommandError, explained
from runtime.store.database import StoreBusyError, StoreNotFoundError
from runtime.toml.diagnostic import BadFileError, Diagnostic, Severity


def test_an_errors_text_says_where_what_and_what_next() -> None:
    error = CommandError("max_depth is 0", file="docs.toml", line=14, path="step.a.max_depth", hint="write 1")
    assert str(error) == "docs.toml:14: max_depth is 0; write 1"
    assert error.as_object() == {
        "message": "max_depth is 0",
        "file": "docs.toml",
        "line": 14,
        "path": "step.a.max_depth",
        "hint": "write 1",
    }


def test_an_object_has_only_what_is_known() -> None:
    assert CommandError("no").as_object() == {"message": "no"}


def test_a_bad_files_first_error_is_told_and_how_many_more_there_are() -> None:
    faults = [
        Diagnostic("odd", "a.toml", 1, severity=Severity.WARNING),
        Diagnostic("second", "a.toml", 9),
        Diagnostic("first", "a.toml", 3, hint="mend it"),
    ]
    error = explained(BadFileError(faults))
    assert error is not None
    assert str(error) == "a.toml:3: first; mend it; 1 more: `quaero check a.toml` shows them"
    assert error.exit_code == ExitCode.BAD_INPUT


def test_a_missing_store_is_bad_input_and_a_busy_one_is_a_failure() -> None:
    missing, busy = explained(StoreNotFoundError("none")), explained(StoreBusyError("busy"))
    assert missing is not None
    assert missing.exit_code == ExitCode.BAD_INPUT
    assert busy is not None
    assert busy.exit_code == ExitCode.FAILED


def test_a_fault_of_our_own_is_not_explained_away() -> None:
    assert explained(RuntimeError("bug")) is None
