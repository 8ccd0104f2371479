"""The routes that show jobs and act on them, over real HTTP."""

from threading import Event

from actors.job import JobDefinition, Step
from runtime import Run
from tests.embedding.workers import GATES, Number, Where, double
from tests.gateway.conftest import Service


def ended(service: Service, numbers: int = 3) -> Run:
    run = service.runtime.fan_out(double, [Number(each) for each in range(numbers)], name="doubles")
    run.wait(100)
    return run


def waiting(service: Service, name: str) -> Run:
    """A run that goes on until its gate is opened, or it is cancelled."""
    GATES[name] = Event()
    step = Step(name="wait", action="at_gate", config={"path": name})
    return service.runtime.submit(JobDefinition(id=name, name=name, steps=(step,)))


def test_a_run_is_shown_with_its_tree_and_results(service: Service) -> None:
    run = ended(service)
    shown = service.client.get(f"/api/jobs/{run.id}").json()
    assert (shown["kind"], shown["state"], shown["counts"]["completed"]) == ("run", "completed", 3)
    tree = service.client.get(f"/api/jobs/{run.id}/tree").json()
    assert [each["result"] for each in tree["children"][0]["children"]] == [0, 2, 4]
    results = service.client.get(f"/api/jobs/{run.id}/results").json()
    assert [each["result"] for each in results["jobs"]] == [0, 2, 4]
    assert results["next_cursor"] is None


def test_jobs_come_page_by_page_without_loss_or_repeat(service: Service) -> None:
    run = ended(service, 7)
    step = service.client.get("/api/jobs", params={"run_id": run.id, "kind": "step"}).json()["jobs"][0]["id"]
    found: list[str] = []
    cursor = None
    while True:
        params = {"parent_id": step, "limit": "3", "order": "asc", **({"after": cursor} if cursor else {})}
        page = service.client.get("/api/jobs", params=params).json()
        found += [each["id"] for each in page["jobs"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(found) == len(set(found)) == 7
    assert found == sorted(found)


def test_jobs_are_filtered_by_several_states(service: Service) -> None:
    done, open_run = ended(service), waiting(service, "states")
    listed = service.client.get("/api/jobs", params={"state": "completed"}).json()["jobs"]
    assert [each["id"] for each in listed] == [done.id]
    both = service.client.get("/api/jobs", params={"state": "completed,running,pending"}).json()["jobs"]
    assert {each["id"] for each in both} == {done.id, open_run.id}
    open_run.cancel()


def test_statistics_are_the_rows(service: Service) -> None:
    ended(service, 5)
    found = service.client.get("/api/jobs/stats").json()
    with service.runtime.reader.snapshot() as connection:
        for kind in ("run", "step", "job"):
            rows = dict(
                connection.execute("SELECT state, count(*) FROM job WHERE kind = ? GROUP BY state", (kind,))
            )
            assert {
                state: number for state, number in found[f"{kind}s"].items() if number and state != "total"
            } == rows
            assert found[f"{kind}s"]["total"] == sum(rows.values())


def test_the_queue_tells_what_runs_and_the_slots(service: Service) -> None:
    run = waiting(service, "queue")
    events = service.runtime.events(0, run_id=run.number, timeout_seconds=100)
    next(
        event
        for event in events
        if event.data.get("state") == "running" and event.data.get("parent_id") not in {None, run.number}
    )
    queues = {each["type"]: each for each in service.client.get("/api/jobs/queue").json()}
    assert queues["gated"]["running"] == 1
    assert queues["gated"]["slots"] == service.runtime.assembly.workers["gated"].options.slots
    assert service.client.post("/api/types/gated/pause").json()["changed"] is True
    queues = {each["type"]: each for each in service.client.get("/api/jobs/queue").json()}
    assert queues["gated"]["paused"] is True
    assert service.client.post("/api/types/gated/resume").json()["changed"] is True
    run.cancel()


def test_a_cancel_really_acts_and_a_second_one_says_so(service: Service) -> None:
    run = waiting(service, "cancel")
    answer = service.client.post(f"/api/jobs/{run.id}/cancel", params={"reason": "not wanted"})
    assert (answer.status_code, answer.json()["changed"]) == (200, True)
    assert run.wait(100).state == "cancelled"
    again = service.client.post(f"/api/jobs/{run.id}/cancel")
    assert (again.status_code, again.json()["changed"]) == (200, False)


def test_a_rerun_is_a_new_run_that_really_runs(service: Service) -> None:
    run = ended(service)
    for verb in ("rerun", "copy"):
        answer = service.client.post(f"/api/jobs/{run.id}/{verb}")
        assert answer.status_code == 201
        made = answer.json()["new_job_id"]
        assert answer.headers["location"] == f"/api/jobs/{made}"
        assert service.runtime.run(made).wait(100).counts.completed == 3


def test_failed_jobs_are_retried_and_what_completed_is_refused(service: Service) -> None:
    failed = service.runtime.fan_out("poison", [Where("permanent")])
    failed.wait(100)
    answer = service.client.post(f"/api/jobs/{failed.id}/retry", params={"failed_only": "true"})
    assert (answer.status_code, answer.json()["jobs"]) == (200, 1)
    failed.wait(100)
    completed = ended(service)
    refused = service.client.post(f"/api/jobs/{completed.id}/retry")
    assert refused.status_code == 409
    assert "nothing to retry" in refused.json()["detail"]


def test_a_run_is_paused_and_resumed(service: Service) -> None:
    run = waiting(service, "pause")
    assert service.client.post(f"/api/jobs/{run.id}/pause").json()["changed"] is True
    assert service.client.get(f"/api/jobs/{run.id}").json()["paused"] is True
    assert service.client.post(f"/api/jobs/{run.id}/resume").json()["changed"] is True
    run.cancel()


def test_a_deleted_run_is_gone_with_all_below(service: Service) -> None:
    run = ended(service)
    answer = service.client.delete(f"/api/jobs/{run.id}")
    assert (answer.status_code, answer.json()["job_id"]) == (200, run.id)
    assert service.client.get(f"/api/jobs/{run.id}").status_code == 404
    assert service.client.delete(f"/api/jobs/{run.id}").status_code == 404
    assert service.client.get("/api/jobs/stats").json()["jobs"]["total"] == 0


def test_what_is_not_there_is_said_by_its_id(service: Service) -> None:
    for path in ("0000000000000", "short", "x" * 13):
        answer = service.client.get(f"/api/jobs/{path}")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert path in answer.json()["detail"]


def test_a_wrong_parameter_is_named(service: Service) -> None:
    for params, name in (
        ({"limit": "0"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"state": "done"}, "state"),
        ({"order": "up"}, "order"),
        ({"kind": "tree"}, "kind"),
    ):
        answer = service.client.get("/api/jobs", params=params)
        assert answer.status_code == 400, answer.text
        assert [each["path"] for each in answer.json()["errors"]] == [name]


def test_log_lines_come_by_level_and_by_cursor(service: Service) -> None:
    run = service.runtime.fan_out("poison", [Where("permanent"), Where("permanent")])
    service.runtime.cancel(run.id)
    run.wait(100)
    for level, expected in (("warn", 200), ("err", 200), ("all", 200), ("ERROR", 200), ("loud", 400)):
        found = service.client.get(f"/api/jobs/{run.id}/logs", params={"level": level})
        assert found.status_code == expected
    numbers: list[int] = []
    while True:
        params = {"limit": 1, "after": numbers[-1] if numbers else 0}
        page = service.client.get(f"/api/jobs/{run.id}/logs/aggregated", params=params).json()
        numbers += [line["number"] for line in page["logs"]]
        if page["next_cursor"] is None:
            break
    assert numbers == [line["number"] for line in service.runtime.reader.logs(run.number)]


def test_why_something_does_not_move_is_explained(service: Service) -> None:
    run = waiting(service, "explained")
    service.runtime.pause(run.id)
    found = service.client.get(f"/api/jobs/{run.id}/explain").json()
    assert "paused" in str(found)
    run.cancel()
