from pathlib import Path

import pytest

from tests.cli.command import quaero
from tests.cli.definitions import configure, define


@pytest.fixture(autouse=True)
def _configured(tmp_path: Path) -> None:
    configure(tmp_path)


def test_good_files_are_ok_by_what_they_are(tmp_path: Path) -> None:
    done = quaero("check", define(tmp_path, "a", "gates = 1"), "quaero.toml", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert done.out == "a.toml: job definition a, 1 step: ok\nquaero.toml: configuration: ok\n"
    assert not (tmp_path / "quaero.db").exists()


def test_every_error_and_warning_is_told_with_its_line(tmp_path: Path) -> None:
    define(tmp_path, "odd", 'gates = "three"', "barriers = 1", "broken = []")
    done = quaero("check", "odd.toml", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    lines = done.err.splitlines()
    assert [line.split(": ")[0] for line in lines] == ["odd.toml:6", "odd.toml:14", "warning"]
    assert lines[2].startswith("warning: odd.toml:10: ")


def test_check_as_json_has_the_first_error_and_all_of_them_by_file(tmp_path: Path) -> None:
    define(tmp_path, "odd", 'gates = "three"')
    define(tmp_path, "good", "gates = 3")
    done = quaero("check", "good.toml", "odd.toml", "--json", cwd=tmp_path)
    assert done.code == 2
    assert done.value["ok"] is False
    assert (done.value["error"]["file"], done.value["error"]["line"]) == ("odd.toml", 6)
    assert [(each["file"], each["ok"]) for each in done.value["files"]] == [
        ("good.toml", True),
        ("odd.toml", False),
    ]
    assert done.value["files"][1]["errors"] == [done.value["error"]]


def test_an_action_without_a_manager_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('id = "a"\nname = "A"\n[step.x]\naction = "gatse"\n')
    done = quaero("check", "a.toml", cwd=tmp_path)
    assert done.code == 2
    assert done.err.startswith("a.toml:4: ")


def test_a_directory_is_checked_file_by_file_and_between_them(tmp_path: Path) -> None:
    directory = tmp_path / "definitions"
    directory.mkdir()
    define(directory, "a", "gates = 1")
    define(directory, "b", "gates = 1")
    good = quaero("check", "definitions", cwd=tmp_path)
    assert (good.code, good.out.count(": ok\n")) == (0, 2)
    (directory / "b.toml").write_text((directory / "b.toml").read_text().replace('id = "b"', 'id = "a"'))
    twice = quaero("check", "definitions", cwd=tmp_path)
    assert twice.code == 2
    assert twice.err.startswith('definitions/b.toml:1: the id "a" is that of definitions/a.toml:1 too')


def test_every_directory_below_is_a_set_of_definitions_by_itself(tmp_path: Path) -> None:
    for folder in ("all", "all/one", "all/two", "all/.git"):
        (tmp_path / folder).mkdir()
    define(tmp_path / "all" / "one", "a", "gates = 1")
    define(tmp_path / "all" / "two", "a", "gates = 1")
    (tmp_path / "all" / ".git" / "no.toml").write_text("no TOML")
    good = quaero("check", "all", cwd=tmp_path)
    assert (good.code, good.err) == (0, "")
    assert [line.split(": ")[0] for line in good.out.splitlines()] == ["all/one/a.toml", "all/two/a.toml"]
    (tmp_path / "all" / "two" / "b.toml").write_text('name = "B"\nid = "a"\n[step.x]\naction = "gates"\n')
    (tmp_path / "all" / "two" / "c.toml").write_text("no TOML")
    (tmp_path / "all" / "two" / "quaero.toml").write_text("")
    twice = quaero("check", "all", cwd=tmp_path)
    assert twice.code == 2
    assert [line.split(": ")[0] for line in twice.err.splitlines()] == [
        "all/two/b.toml:2",
        "all/two/c.toml:1",
    ]
    assert 'the id "a" is that of all/two/a.toml:1 too' in twice.err


def test_variables_are_checked_and_no_value_of_them_is_shown(tmp_path: Path) -> None:
    directory = tmp_path / "definitions"
    directory.mkdir()
    (directory / "variables.toml").write_text('[key]\nvalue = "hidden"\n[n]\nvalue = 2\n')
    define(directory, "a", 'gates = "{n}"\npath = "{key}{gate}"')
    good = quaero("check", "definitions", cwd=tmp_path, GATE="x")
    assert (good.code, good.err) == (0, "")
    assert "definitions/variables.toml: 4 variables: ok\n" in good.out
    missing = quaero("check", "definitions", cwd=tmp_path)
    assert missing.code == 0
    assert missing.err.startswith('warning: definitions/a.toml:7: step.s0.path: there is no variable "gate"')
    (directory / "variables.toml").write_text("key = hidden\n")
    wrong = quaero("check", "definitions", cwd=tmp_path)
    assert wrong.code == 2
    assert "definitions/variables.toml:1: not TOML" in wrong.err
    assert "hidden" not in wrong.err


def test_an_empty_file_is_no_definition_unless_it_is_called_quaero_toml(tmp_path: Path) -> None:
    (tmp_path / "empty.toml").touch()
    done = quaero("check", "empty.toml", cwd=tmp_path)
    assert done.code == 2
    assert "empty.toml:1: id is missing" in done.err
    (tmp_path / "quaero.toml").write_text("")
    assert quaero("check", "quaero.toml", cwd=tmp_path).code == 0


def test_an_empty_directory_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    done = quaero("check", "none", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "there is no .toml file" in done.err


def test_a_wrong_configuration_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('[store]\nsynchronous = "SOMETIMES"\n[workers.gaet]\nslots = 2\n')
    done = quaero("check", "other.toml", cwd=tmp_path)
    assert done.code == 2
    assert done.err.startswith("other.toml:2: store.synchronous")


def test_a_configuration_whose_modules_are_missing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('[modules]\nworkers = ["nowhere:gate"]\n')
    done = quaero("check", "other.toml", cwd=tmp_path)
    assert done.code == 2
    assert "modules.workers[0]: module 'nowhere' can not be imported" in done.err


def test_sections_for_unknown_workers_are_warned_of(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("[workers.crawler_ulr]\nslots = 2\n")
    done = quaero("check", "other.toml", cwd=tmp_path)
    assert (done.code, done.out) == (0, "other.toml: configuration: ok\n")
    assert "warning: other.toml:1: " in done.err
    assert "crawler_url" in done.err


WRONG = '[store]\npath = 3\n[workers.crawler_url]\nslots = "many"\n[workers.transform]\nslots = 0\n'


@pytest.mark.parametrize("named", ["quaero.toml", "./quaero.toml", "."])
def test_every_fault_of_the_configuration_of_this_very_directory_is_told(tmp_path: Path, named: str) -> None:
    (tmp_path / "quaero.toml").write_text(WRONG)
    done = quaero("check", named, cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    lines = done.err.splitlines()
    assert [line.split(": ")[0].removeprefix("./") for line in lines] == [
        f"quaero.toml:{line}" for line in (2, 4, 6)
    ]
    assert "more" not in done.err


def test_definitions_wait_for_a_configuration_that_is_right(tmp_path: Path) -> None:
    (tmp_path / "quaero.toml").write_text(WRONG)
    definition = define(tmp_path, "a", "gates = 1")
    alone = quaero("check", definition, cwd=tmp_path)
    assert alone.code == 2
    assert alone.err.startswith("quaero.toml:2: ")
    assert "2 more: `quaero check quaero.toml` shows them" in alone.err
    beside = quaero("check", definition, "quaero.toml", "--json", cwd=tmp_path)
    assert beside.code == 2
    assert [len(each["errors"]) for each in beside.value["files"]] == [1, 3]
    assert beside.value["files"][0]["errors"][0]["message"] == "not checked: the configuration is wrong"
