"""Definitions that run before and after one another, and conditions, through the whole runtime."""

from pathlib import Path

import pytest

from actors.job import JobDefinition, JobState, OnError, Step
from runtime import Runtime
from runtime.definitions import DefinitionError
from runtime.embedding import RefusedError
from runtime.settings import RuntimeSettings
from tests.definitions.test_library import write

WAIT = 100.0
NOTHING = {"job_type": "crawler_url", "pages": 0}


def quick(name: str, *steps: Step, pre: tuple[str, ...] = (), post: tuple[str, ...] = ()) -> JobDefinition:
    """A definition that is done without a job."""
    made = steps or (Step(name, "fan_out", NOTHING),)
    return JobDefinition(name, name, made, pre_jobs=pre, post_jobs=post)


def broken(name: str) -> Step:
    """A step that fails when its condition is judged."""
    return Step(name, "fan_out", NOTHING, condition="1 / (config.none) > 0")


def runtime_with(tmp_path: Path, *definitions: JobDefinition) -> Runtime:
    return Runtime(RuntimeSettings(store=tmp_path / "jobs.db"), definitions=definitions)


def test_a_definition_runs_with_those_it_links(tmp_path: Path) -> None:
    main = quick("main", pre=("fetch",), post=("report",))
    with runtime_with(tmp_path, main, quick("fetch"), quick("report")) as runtime:
        run = runtime.submit(main)
        assert run.wait(WAIT).state is JobState.COMPLETED
        links = run.show()["links"]
        assert [(link["role"], link["definition_id"]) for link in links] == [
            ("post_job", "report"),
            ("pre_job", "fetch"),
        ]
        report = runtime.run(links[0]["run_id"])
        assert report.wait(WAIT).state is JobState.COMPLETED
        assert [(link["role"], link["run_id"]) for link in report.show()["links"]] == [
            ("post_job_of", run.id)
        ]
        (of_fetch,) = runtime.run(links[1]["run_id"]).show()["links"]
        assert (of_fetch["role"], of_fetch["run_id"], of_fetch["state"]) == (
            "pre_job_of",
            run.id,
            "completed",
        )
        assert runtime.reader.following(run.number) == []


def test_a_run_whose_pre_job_fails_is_failed_and_names_it(tmp_path: Path) -> None:
    fetch = JobDefinition("fetch", "fetch", (broken("f"),), variables={"none": 0})
    main = quick("main", pre=("fetch",), post=("report",))
    with runtime_with(tmp_path, main, fetch, quick("report")) as runtime:
        run = runtime.submit(main)
        ended = run.wait(WAIT)
        assert ended.state is JobState.FAILED
        assert "pre-job 'fetch' (run " in ended.errors[0]
        assert "division by zero" in ended.errors[0]
        assert {link["definition_id"]: link["state"] for link in run.show()["links"]} == {
            "fetch": "failed",
            "report": "cancelled",
        }


def test_a_step_whose_condition_is_false_is_skipped(tmp_path: Path) -> None:
    steps = (
        Step("first", "fan_out", NOTHING),
        Step("never", "fan_out", NOTHING, depends=("first",), condition="first.total > 0"),
        Step(
            "last", "fan_out", NOTHING, depends=("never",), condition="never.skipped", on_error=OnError.FAIL
        ),
    )
    with runtime_with(tmp_path) as runtime:
        run = runtime.submit(quick("main", *steps))
        assert run.wait(WAIT).state is JobState.COMPLETED
        errors = [step.get("error") for step in run.show()["steps"]]
        assert errors == [None, "skipped: condition 'first.total > 0' is false (first.total = 0)", None]


def test_definitions_that_do_not_fit_together_are_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="in a circle"):
        runtime_with(tmp_path, quick("a", pre=("b",)), quick("b", pre=("a",)))
    odd = quick("odd", Step("s", "no such action"))
    with pytest.raises(DefinitionError, match="no manager carries out"):
        runtime_with(tmp_path, odd).start()
    elsewhere = RuntimeSettings(store=tmp_path / "jobs.db", allow_unknown_actions=True)
    with Runtime(elsewhere, definitions=[odd]) as runtime:
        with pytest.raises(
            RefusedError, match="definition 'odd', which 'main' links: step 's': there is no manager"
        ):
            runtime.submit(quick("main", pre=("odd",)))
        assert runtime.reader.run_state(1) is None


def test_a_file_finds_what_it_links_beside_it_and_among_the_runtimes_own(tmp_path: Path) -> None:
    main = write(
        tmp_path, "main", 'pre_jobs = ["beside"]', 'post_jobs = ["made"]', 'start_urls = ["http://x.test/"]'
    )
    write(tmp_path, "beside", 'start_urls = ["http://x.test/"]')
    (tmp_path / "other.toml").write_text("not TOML")
    with runtime_with(tmp_path, quick("made")) as runtime:
        assert [each.id for each in runtime.assembly.together(main)] == ["main", "beside", "made"]
        write(tmp_path, "main", 'pre_jobs = ["besides"]', 'start_urls = ["http://x.test/"]')
        with pytest.raises(DefinitionError) as refused:
            runtime.submit(main)
        assert str(refused.value).endswith(
            'main.toml:4: pre_jobs: no definition has the id "besides"; did you mean "beside"?;'
            " no definition could be read from other.toml beside it"
        )
