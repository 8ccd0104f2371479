"""What a runtime does with its definitions when it starts: those of a directory, and those made in code."""

import logging
from pathlib import Path
from threading import Barrier, Event, Thread

import pytest

from actors.job import JobDefinition, JobState, Step
from runtime import Runtime
from runtime.definitions import DefinitionError
from runtime.embedding import RefusedError
from runtime.settings import RuntimeSettings
from runtime.store.reading.jobs import JobFilter
from tests.embedding.gates import AtGate
from tests.embedding.workers import ALL, GATES

NOTHING = Step("only", "fan_out", {"job_type": "crawler_url", "pages": 0})
TEXT = """\
id = "{name}"
name = "The {name}"
{keys}

[step.only]
action = "crawl"
start_urls = ["http://127.0.0.1:9/"]
allow_private_addresses = true
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "definitions"
    made.mkdir()
    return made


def put(directory: Path, name: str, *keys: str) -> Path:
    file = directory / f"{name}.toml"
    file.write_text(TEXT.format(name=name, keys="\n".join(keys)))
    return file


def opened(directory: Path | None, *definitions: JobDefinition, store: str = "jobs.db") -> Runtime:
    where = Path(store) if directory is None else directory.parent / store
    settings = RuntimeSettings(store=where, definitions_directory=directory)
    return Runtime(settings, definitions=definitions)


def schedules(runtime: Runtime) -> dict[str, str | None]:
    return {each["id"]: each["directory"] for each in runtime.schedules()}


def runs(runtime: Runtime, definition_id: str) -> list[str]:
    with runtime.reader.snapshot() as connection:
        text = "SELECT state FROM job WHERE kind = 'run' AND type = ?"
        return [row[0] for row in connection.execute(text, (definition_id,))]


def test_a_definition_of_the_directory_is_submitted_by_its_id(directory: Path) -> None:
    put(directory, "site", 'post_jobs = ["after"]')
    put(directory, "after")
    (directory / "quaero.toml").write_text("[system]\n")  # a configuration is none of them
    with opened(directory, JobDefinition("code", "code", (NOTHING,))) as runtime:
        assert [link["definition_id"] for link in runtime.submit("site").show()["links"]] == ["after"]
        assert runtime.submit("code").wait(100).state is JobState.COMPLETED
        with pytest.raises(
            DefinitionError, match='there is no file and no definition "sit"; did you mean "site"'
        ):
            runtime.submit("sit")
        with pytest.raises(DefinitionError, match=r"absent\.toml"):
            runtime.submit("absent.toml")


def test_a_file_that_is_there_goes_before_an_id(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site").write_text(TEXT.format(name="of the file", keys=""))
    with opened(directory, JobDefinition("site", "made", (NOTHING,))) as runtime:
        assert [each.id for each in runtime.assembly.together("site")] == ["of the file"]
        assert [each.id for each in runtime.assembly.together(Path("site"))] == ["of the file"]
        (tmp_path / "site").unlink()
        assert [each.name for each in runtime.assembly.together("site")] == ["made"]
        with pytest.raises(DefinitionError):
            runtime.assembly.together(Path("site"))


def test_schedules_of_the_directory_are_set_and_forgotten_with_their_files(directory: Path) -> None:
    daily, _ = put(directory, "daily", 'schedule = "0 3 * * *"'), put(directory, "plain")
    put(directory, "off", 'schedule = "0 3 * * *"', "enabled = false")
    by_code = JobDefinition("made", "made", (NOTHING,), schedule="0 4 * * *")
    with opened(directory, by_code) as runtime:
        runtime.schedule(JobDefinition("asked", "asked", (NOTHING,), schedule="0 5 * * *"))
        assert schedules(runtime) == {"daily": str(directory), "made": None, "asked": None}
    daily.unlink()
    with opened(directory) as runtime:
        assert schedules(runtime) == {"made": None, "asked": None}


def test_a_directory_forgets_no_schedule_of_another(directory: Path, tmp_path: Path) -> None:
    other = tmp_path / "others"
    other.mkdir()
    put(directory, "one", 'schedule = "0 3 * * *"')
    put(other, "two", 'schedule = "0 3 * * *"')
    for each in (directory, other, directory):
        opened(each).start().close()
    with opened(None, store=str(tmp_path / "jobs.db")) as runtime:
        assert schedules(runtime) == {"one": str(directory), "two": str(other)}


def test_a_wrong_file_keeps_the_runtime_from_starting_and_all_that_is_wrong_is_told(directory: Path) -> None:
    put(directory, "good", 'schedule = "0 3 * * *"')
    put(directory, "bad", 'schedule = "0 25 * * *"')
    put(directory, "worse", 'time_zone = "Mars"')
    with pytest.raises(DefinitionError) as caught:
        opened(directory)
    bad, worse = map(str, caught.value.diagnostics)
    assert bad.startswith(
        f'{directory}/bad.toml:3: schedule "0 25 * * *" is no cron expression: bad hour; write'
    )
    assert worse.startswith(f'{directory}/worse.toml:3: time_zone "Mars" is no time zone of this host; write')
    with pytest.raises(DefinitionError, match="the directory of definitions can not be read: No such file"):
        opened(directory / "absent")


def test_auto_start_runs_a_definition_unless_a_run_of_it_goes_on(directory: Path) -> None:
    boot = JobDefinition("boot", "boot", (), auto_start=True)
    for number in (1, 2):
        with opened(directory, boot) as runtime:
            assert runs(runtime, "boot") == ["completed"] * number
    put(directory, "long", "auto_start = true")
    with opened(directory) as runtime:
        (run_id,) = [each["id"] for each in runtime.reader.jobs(JobFilter(type="long"))]
        runtime.pause(run_id)
    for _ in range(2):
        with opened(directory) as runtime:
            assert len(runs(runtime, "long")) == 1


def test_runtimes_that_start_at_the_same_moment_start_a_definition_once(tmp_path: Path) -> None:
    GATES["boot"] = Event()
    boot = JobDefinition("boot", "boot", (Step("s", "at_gate", {"path": "boot"}),), auto_start=True)
    settings = RuntimeSettings(store=tmp_path / "jobs.db")
    runtimes = [Runtime(settings, workers=ALL, managers=[AtGate], definitions=[boot]) for _ in range(4)]
    barrier = Barrier(len(runtimes))

    def start(runtime: Runtime) -> None:
        barrier.wait(100)
        runtime.start()

    threads = [Thread(target=start, args=(each,)) for each in runtimes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    assert len(runs(runtimes[0], "boot")) == 1
    GATES["boot"].set()
    for each in runtimes:
        each.close()


def test_a_definition_that_can_not_be_run_here_is_scheduled_for_those_who_can(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (directory / "foreign.toml").write_text(
        'id = "foreign"\nname = "F"\nschedule = "0 3 * * *"\n[step.s]\naction = "elsewhere"\n'
    )
    with pytest.raises(
        DefinitionError, match=r'foreign\.toml:5: step "s": no manager carries out "elsewhere"'
    ):
        opened(directory).start()
    settings = RuntimeSettings(
        store=directory.parent / "jobs.db", definitions_directory=directory, allow_unknown_actions=True
    )
    with caplog.at_level(logging.WARNING, "quaero"), Runtime(settings) as runtime:
        assert schedules(runtime) == {"foreign": str(directory)}
    assert "definition 'foreign' can not be run here: " in caplog.text
    assert f"{directory}/foreign.toml:5: " in caplog.text


def test_a_definition_made_in_code_that_never_fires_keeps_the_runtime_from_starting(tmp_path: Path) -> None:
    wrong = JobDefinition("never", "never", (NOTHING,), schedule="0 0 31 2 *")
    runtime = opened(None, wrong, store=str(tmp_path / "jobs.db"))
    with pytest.raises(RefusedError, match="definition 'never': schedule \"0 0 31 2"):
        runtime.start()
    assert "stopped" in repr(runtime)


def test_without_adoption_definitions_are_known_and_nothing_is_set_going(directory: Path) -> None:
    put(directory, "daily", 'schedule = "0 3 * * *"', "auto_start = true")
    settings = RuntimeSettings(
        store=directory.parent / "jobs.db", definitions_directory=directory, adopts=False
    )
    with Runtime(settings) as runtime:
        assert (runs(runtime, "daily"), runtime.schedules()) == ([], [])
        assert [each.id for each in runtime.assembly.together("daily")] == ["daily"]
