"""``variables.toml`` beside the definitions that name what is in it."""

from pathlib import Path

import pytest

from runtime.definitions import DefinitionError, DefinitionLibrary, load_definition
from runtime.definitions.variable_file import VariablesError, read_variables, variables_beside
from tests.definitions.actions import MANAGERS

CRAWL = 'id = "{0}"\nname = "{{city}} {{stock:ticker}}"\nmax_depth = 1\n'


def write(directory: Path, text: str | bytes) -> Path:
    file = directory / "variables.toml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def test_a_variable_is_a_value_or_a_table_with_one_and_other_tables_are_namespaces(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        'short = "a"\r\n[long]\r\nvalue = "b"\r\ndescription = "for people"\r\n'
        '[stock]\r\nticker = "GNP"\r\nyear = 2026\r\n',
    )

    assert read_variables(file) == {
        "short": "a",
        "long": "b",
        "long:value": "b",
        "long:description": "for people",
        "stock:ticker": "GNP",
        "stock:year": 2026,
    }


def test_the_file_beside_a_definition_is_read_with_it(tmp_path: Path) -> None:
    write(tmp_path, 'city = "Berlin"\n[stock]\nticker = "GNP"\n')
    (tmp_path / "a.toml").write_text(CRAWL.format("a"))
    (tmp_path / "b.toml").write_text(CRAWL.format("b"))

    library = DefinitionLibrary.from_directory(tmp_path, managers=MANAGERS)

    assert load_definition(tmp_path / "a.toml", managers=MANAGERS).definition.name == "Berlin GNP"
    assert [(each.definition.id, each.definition.name) for each in library] == [
        ("a", "Berlin GNP"),
        ("b", "Berlin GNP"),
    ]


def test_without_a_file_there_is_the_environment(tmp_path: Path) -> None:
    assert variables_beside(tmp_path / "a.toml", {"city": "Rome"}).find("city") == ("Rome",)
    assert variables_beside("\0", {"city": "Rome"}).find("town") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = = 1", r"variables\.toml:1: not TOML"),
        ("\n[a]\nvalue = nan", r"variables\.toml:3: a\.value must be a finite number of at most 64 bits"),
        ("a = 99999999999999999999", r"variables\.toml:1: a must be a finite number"),
        (b"\xff", r"variables\.toml:1: is not UTF-8"),
        ("a = 1\na = 2", r"variables\.toml:2: a is defined twice"),
    ],
)
def test_a_file_that_can_not_be_used_is_told_once_with_its_line(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    file = write(tmp_path, text)
    for name in "ab":
        (tmp_path / f"{name}.toml").write_text(CRAWL.format(name))

    with pytest.raises(VariablesError, match=message):
        read_variables(file)
    with pytest.raises(DefinitionError, match=message):
        load_definition(tmp_path / "a.toml", managers=MANAGERS)
    with pytest.raises(DefinitionError, match=message) as refused:
        DefinitionLibrary.from_directory(tmp_path, managers=MANAGERS)
    assert len(refused.value.diagnostics) == 1


@pytest.mark.parametrize("value", ["123456789012345678901234567890", "x1234567890", "'1234567890"])
def test_an_error_shows_no_value_of_a_variable(tmp_path: Path, value: str) -> None:
    file = write(tmp_path, f"key = {value}\n")

    with pytest.raises(VariablesError) as refused:
        read_variables(file)

    assert "1234567890" not in str(refused.value)
