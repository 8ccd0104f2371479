"""The routes of webhooks."""

from collections.abc import Iterator

import pytest

from actors.ids import id_text
from tests.embedding.processes import until
from tests.embedding.workers import Number
from tests.gateway.conftest import READER, Service
from tests.webhooks.receiver import Receiver, Reply, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def put(service: Service, receiver: Receiver) -> str:
    body = {"url": receiver.url, "level": "runs", "allow_private_addresses": True}
    got = service.client.put("/api/webhooks/ops", json=body)
    assert got.status_code == 200, got.text
    return str(got.json()["secret"])


def test_a_webhook_that_is_put_gets_events_and_is_listed_without_its_secret(
    service: Service, receiver: Receiver
) -> None:
    secret = put(service, receiver)
    service.runtime.fan_out("double", [Number(1)]).wait(100)
    assert all(each.verified_by(secret) for each in receiver.wait(3))
    got = service.client.get("/api/webhooks")
    assert [each["name"] for each in got.json()] == ["ops"]
    assert secret not in got.text
    listed = [each["type"] for each in service.client.get("/api/jobs").json()["jobs"]]
    assert listed == ["double"]
    deliveries = service.client.get("/api/jobs", params={"type": "webhook:ops"}).json()["jobs"]
    assert {each["type"] for each in deliveries} == {"webhook:ops"}
    metrics = service.client.get("/metrics").text
    assert 'quaero_webhook_enabled{webhook="ops"} 1.0' in metrics
    assert 'quaero_webhook_deliveries{state="completed",webhook="ops"}' in metrics


def test_it_is_tested_rotated_switched_and_removed(service: Service, receiver: Receiver) -> None:
    client = service.client
    put(service, receiver)
    receiver.replies.append(Reply(500, body=b"broken"))
    got = client.post("/api/webhooks/ops/test").json()
    assert (got["accepted"], got["status"], got["answer"]) == (False, 500, "broken")
    rotated = client.post("/api/webhooks/ops/rotate").json()["secret"]
    assert client.post("/api/webhooks/ops/test").json()["accepted"]
    assert receiver.received[-1].verified_by(rotated)
    assert client.post("/api/webhooks/ops/disable").json() == {
        "name": "ops",
        "enabled": False,
        "changed": True,
    }
    assert client.post("/api/webhooks/ops/enable").json() == {"name": "ops", "enabled": True, "changed": True}
    assert client.delete("/api/webhooks/ops").status_code == 204
    assert client.get("/api/webhooks").json() == []


def test_what_is_wrong_is_refused(service: Service, receiver: Receiver) -> None:
    client = service.client
    for method, path in (("POST", "test"), ("POST", "rotate"), ("POST", "enable"), ("POST", "disable")):
        assert client.request(method, f"/api/webhooks/no/{path}").status_code == 404
    assert client.delete("/api/webhooks/no").status_code == 404
    for body in (
        {},
        {"url": 7},
        {"url": "ftp://x"},
        {"url": receiver.url},
        {"url": "https://x.example", "secrets": 1},
    ):
        got = client.put("/api/webhooks/ops", json=body)
        assert got.status_code == 400, got.text
    assert client.get("/api/webhooks").json() == []


def test_who_may_only_read_sets_none(guarded: Service) -> None:
    got = guarded.client.put(
        "/api/webhooks/ops",
        json={"url": "https://example.com"},
        headers={"Authorization": f"Bearer {READER}"},
    )
    assert got.status_code == 403


def test_deliveries_are_listed_the_newest_first_by_state_and_page(
    service: Service, receiver: Receiver
) -> None:
    put(service, receiver)
    receiver.reply = Reply(500, body=b"broken")
    service.runtime.fan_out("double", [Number(1)]).wait(100)
    receiver.wait(3)
    receiver.reply = Reply()
    service.runtime.fan_out("double", [Number(1)]).wait(100)
    receiver.wait(6)
    path = "/api/webhooks/ops/deliveries"
    found: list[str] = []
    after: str | None = None
    while True:
        page = service.client.get(path, params={"limit": 2} | ({"after": after} if after else {})).json()
        found += [each["id"] for each in page["jobs"]]
        after = page["next_cursor"]
        if after is None:
            break
    with service.runtime.reader.snapshot() as connection:
        rows = connection.execute("SELECT id FROM job WHERE type = 'webhook_delivery' ORDER BY id DESC")
        assert found == [id_text(number) for (number,) in rows.fetchall()]
    waiting = service.client.get(path, params={"state": "scheduled"}).json()["jobs"]
    assert {each["state"] for each in waiting} <= {"scheduled"}
    assert service.client.get(path, params={"state": "none"}).status_code == 400
    assert service.client.get("/api/webhooks/no/deliveries").status_code == 404
    until(
        lambda: isinstance(service.client.get("/api/webhooks").json()[0]["last_delivered_at"], int),
        what="a delivery that was accepted",
    )


def test_a_webhook_that_was_never_accepted_says_what_was_answered(
    service: Service, receiver: Receiver
) -> None:
    receiver.reply = Reply(500, body=b"broken")
    put(service, receiver)
    [shown] = service.client.get("/api/webhooks").json()
    assert shown["last_delivered_at"] is None
    assert "last_failure" not in shown
    service.runtime.fan_out("double", [Number(1)]).wait(100)
    until(
        lambda: "last_failure" in service.client.get("/api/webhooks").json()[0],
        what="a delivery that failed",
    )
    [shown] = service.client.get("/api/webhooks").json()
    assert shown["last_failure"]["error"] == "webhook 'ops': it answered 500: broken"
    assert shown["last_delivered_at"] is None
