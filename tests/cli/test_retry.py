from pathlib import Path

import pytest

from tests.cli.command import quaero
from tests.cli.definitions import configure, define
from tests.cli.filling import Filled
from tests.cli.running import running


@pytest.mark.parametrize("options", [(), ("--failed",)])
def test_what_failed_is_done_again_by_the_next_work_and_what_completed_is_not(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    configure(tmp_path)
    run_id = quaero("run", define(tmp_path, "odd", "gates = 3\nbroken = 2"), "--json", cwd=tmp_path).value[
        "run_id"
    ]
    done = quaero("retry", run_id, *options, "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.value == {"id": run_id, "run_id": run_id, "jobs": 2, "state": "running"}
    assert quaero("work", "--until-idle", cwd=tmp_path).code == 0
    shown = quaero("show", run_id, "--json", cwd=tmp_path).value
    assert (shown["state"], shown["epoch"]) == ("completed_with_failures", 1)
    jobs = quaero("jobs", "--kind", "job", "--json", cwd=tmp_path).value
    assert sorted((each["state"], each.get("epoch", 0)) for each in jobs) == [
        ("completed", 0),
        ("failed", 1),
        ("failed", 1),
    ]
    assert [len(each["errors"]) for each in jobs if "errors" in each] == [2, 2]


def test_one_job_is_retried_and_told(tmp_path: Path) -> None:
    configure(tmp_path)
    quaero("run", define(tmp_path, "odd", "gates = 2\nbroken = 1"), cwd=tmp_path)
    (job,) = quaero("jobs", "--state", "failed", "--kind", "job", "--json", cwd=tmp_path).value
    done = quaero("retry", job["id"], cwd=tmp_path)
    assert done.out == f"{job['id']} goes on with 1 job; a running `quaero work` takes them up\n"


def test_a_retry_beside_a_working_runtime_is_taken_up_by_it(tmp_path: Path) -> None:
    configure(tmp_path)
    definition = define(tmp_path, "odd", 'gates = 2\nbroken = 2\npath = "open"')
    (tmp_path / "open").touch()
    run_id = quaero("run", definition, "--json", cwd=tmp_path).value["run_id"]
    (tmp_path / "open").unlink()
    with running("work", cwd=tmp_path) as work:
        work.tells("working on quaero.db")
        assert quaero("retry", run_id, cwd=tmp_path).code == 0
        work.tells("0 pending, 2 running, 0 completed, 0 failed")
        (tmp_path / "open").touch()
        work.process.terminate()  # what runs has the grace to end
        assert work.end().code == 0
    assert quaero("show", run_id, "--json", cwd=tmp_path).value["counts"]["failed"] == 2


def test_what_can_not_be_retried_is_refused_with_what_to_do(filled: Filled, tmp_path: Path) -> None:
    done = quaero("retry", filled.run, cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "only what has ended can be retried; wait for its end, or cancel it first" in done.err
    quaero("cancel", filled.run, cwd=tmp_path)
    refused = quaero("retry", filled.first, "--json", cwd=tmp_path)
    assert refused.code == 2
    assert refused.value["error"]["message"].startswith("there is nothing to retry: nothing of job")
    assert "quaero rerun" in refused.value["error"]["hint"]
