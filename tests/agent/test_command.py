"""Agents by the command line: what is refused, with file and line, and a run that is killed and continued."""

import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from runtime import Runtime
from runtime.toml.diagnostic import BadFileError, Severity
from tests.agent.language_model import KEY, LanguageModel, openai_says
from tests.agent.stage import Kept, metadata_of, running
from tests.cli.command import Ended, command_line, quaero, surroundings
from tests.embedding.processes import sql
from tests.misbehaving_service import Reply

DEFINITION = """\
id = "keywords"
name = "Keywords"

[step.find]
type = "agent"
on_error = "fail"
agent_type = "keyword_extractor"
filter_source_type = "web"
max_keywords = 10
operation_type = "scan"
api_key = "{google_gemini_api_key}"
"""


def written(directory: Path, config: str = "", definition: str = DEFINITION) -> Path:
    (directory / "quaero.toml").write_text(config)
    file = directory / "keywords.toml"
    file.write_text(definition)
    return file


def refused(done: Ended) -> dict[str, Any]:
    assert done.code == 2, done
    error: dict[str, Any] = done.value["error"]
    return error


@pytest.mark.parametrize("verb", ["check", "run"])
@pytest.mark.parametrize(
    ("config", "line", "message"),
    [
        (
            '[workers.agent]\nbackend = "gemini"\n',
            11,
            "the gemini back end needs a key, {google_gemini_api_key} is filled by nothing: set api_key_file = ",
        ),
        (
            '[workers.agent]\nbackend = "openai"\napi_key = "{openai}"\n',
            11,
            "the openai back end needs a key",
        ),
    ],
)
def test_a_missing_key_is_refused_with_file_and_line(
    tmp_path: Path, verb: str, config: str, line: int, message: str
) -> None:
    file = written(tmp_path, config)
    error = refused(quaero(verb, file, "--json", cwd=tmp_path))

    assert (error["file"], error["line"]) == (str(file), line)
    assert message in error["message"]


def test_a_key_of_the_environment_or_of_a_file_is_found_and_shown_nowhere(tmp_path: Path) -> None:
    file = written(tmp_path, '[workers.agent]\nbackend = "gemini"\n')
    key = tmp_path / "key"
    key.write_text(KEY + "\n")
    done = quaero("check", file, "--json", cwd=tmp_path, QUAERO_WORKERS__AGENT__API_KEY_FILE=str(key))

    assert done.code == 0, done
    assert KEY not in done.out + done.err
    config = written(tmp_path, f"[workers.agent]\napi_key = '{KEY}'\napi_kye = '{KEY}'\n").with_name(
        "quaero.toml"
    )
    done = quaero("check", config, "--json", cwd=tmp_path)
    assert KEY not in done.out + done.err
    assert "did you mean api_key?" in done.out


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("max_keywords = 10", 'max_keywords = "many"', 9, "max_keywords: must be a number, got 'many'"),
        ("max_keywords = 10", "max_keywords = true", 9, "max_keywords must be"),
        ('filter_source_type = "web"', "filter_tags = 3", 8, "filter_tags must be a list of texts, got 3"),
        ('agent_type = "keyword_extractor"\n', "", 4, "agent_type is missing"),
        ("keyword_extractor", "keyword_extracter", 7, "did you mean 'keyword_extractor'"),
        (
            "{google_gemini_api_key}",
            "AIzaSyReal",
            11,
            "api_key: must not be in a definition, which is stored",
        ),
    ],
)
def test_what_is_wrong_in_a_definition_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    file = written(tmp_path, definition=DEFINITION.replace(old, new))
    with pytest.raises(BadFileError) as found:
        Runtime(store=tmp_path / "q.db").assembly.together(file)

    errors = [each for each in found.value.diagnostics if each.severity is not Severity.WARNING]
    assert [each.line for each in errors] == [line]
    assert message in str(found.value)
    assert "AIzaSyReal" not in str(found.value)


def test_older_files_with_a_nested_filter_do_what_they_say(tmp_path: Path) -> None:
    with running(tmp_path, Kept("a"), Kept("b", source_type="places")):
        pass
    definition = """
        id = "old"
        name = "Old"
        type = "custom"
        [[steps]]
        name = "extract_keywords"
        action = "agent"
        on_error = "fail"
        [steps.config]
        agent_type = "keyword_extractor"
        [steps.config.document_filter]
        source_type = "crawler"
        max_keywords = 5
    """
    file = written(tmp_path, definition=definition)
    done = quaero("run", file, "--json", cwd=tmp_path)

    assert (done.code, done.value["counts"]["completed"]) == (0, 1), done
    with running(tmp_path) as runtime:
        found = metadata_of(runtime)
    assert len(found["a"]["keyword_extractor"]["keywords"]) == 5
    assert "keyword_extractor" not in found["b"]


def test_an_agent_type_of_ones_own_is_named_in_the_configuration(tmp_path: Path) -> None:
    with running(tmp_path, Kept("a")):
        pass
    definition = DEFINITION.replace("keyword_extractor", "length")
    file = written(tmp_path, '[modules]\nagents = ["tests.agent.shop_agents:length"]\n', definition)
    done = quaero("run", file, "--json", cwd=tmp_path, PYTHONPATH=str(Path(__file__).parents[2]))

    assert done.code == 0, done
    wrong = written(tmp_path, '[modules]\nagents = ["json:dumps"]\n', definition)
    error = refused(quaero("run", wrong, "--json", cwd=tmp_path))
    assert "is a function, not an agent type" in error["message"]


def test_a_run_that_is_killed_and_continued_leaves_what_an_undisturbed_one_leaves(tmp_path: Path) -> None:
    """The model answers nobody until the process is dead, and then everybody."""
    documents = [Kept(f"n{number}", body=f"The engine number {number} runs.") for number in range(6)]
    rows = {}
    for name in ("undisturbed", "killed"):
        directory = tmp_path / name
        directory.mkdir()
        with running(directory, *documents):
            pass
        with LanguageModel(lambda _: openai_says('["engine", "number"]')) as model:
            config = f'[workers.agent]\nbackend = "openai"\nbase_url = "{model.base_url}"\nrequests_per_minute = 0\n'
            file = written(directory, config)
            key = {"QUAERO_WORKERS__AGENT__API_KEY": KEY}
            if name == "killed":
                _kill_while_asking(file, model, directory, key)
                done = quaero("work", "--until-idle", cwd=directory, **key)
            else:
                done = quaero("run", file, cwd=directory, **key)
            assert done.code == 0, done
        store = directory / "quaero.db"
        rows[name] = (
            sql(store, "SELECT title, body, metadata FROM document ORDER BY source_id"),
            sql(
                store, "SELECT type, state, attempt, depth FROM job WHERE type = 'agent' ORDER BY kind, name"
            ),
            sql(store, "SELECT state FROM job WHERE kind = 'run'"),
            sql(store, "SELECT count(*) FROM document_save"),
        )

    assert rows["killed"] == rows["undisturbed"]
    assert len(rows["killed"][1]) == len(documents) + 1


def _kill_while_asking(file: Path, model: LanguageModel, directory: Path, key: dict[str, str]) -> None:
    answer = model.answer
    model.answer = lambda number: answer(number) if number < 2 else Reply(silent=True)
    process = subprocess.Popen(
        command_line("run", file),
        cwd=directory,
        env=surroundings(**key),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert model.wait_for(4), "it asks"
    process.send_signal(signal.SIGKILL)
    process.wait(100)
    model.answer = answer
