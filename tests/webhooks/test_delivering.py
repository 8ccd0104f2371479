"""Events reach a real receiver, signed, whatever it answers."""

import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from actors.ids import id_text
from actors.job import JobDefinition
from actors.messages import SetWebhook
from actors.seams import ManualClock
from actors.webhooks.signature import new_secret, signed_headers
from actors.webhooks.webhook import Webhook
from runtime import Runtime
from runtime.refusal import RefusedError
from runtime.settings import RuntimeSettings
from runtime.store.reading.jobs import JobFilter
from tests.embedding.processes import until
from tests.embedding.workers import ALL
from tests.webhooks.delivering import WAIT, jobs, send_to, settled, work, work_in_one_burst
from tests.webhooks.receiver import Receiver, Reply, receiving


def of_webhooks(runtime: Runtime, event_type: str) -> list[dict[str, Any]]:
    return [event.data for event in runtime.events(0, timeout_seconds=0.0) if event.type == event_type]


def test_every_event_is_received_signed_and_whole(runtime: Runtime, receiver: Receiver) -> None:
    secret = send_to(runtime, receiver, timeout_seconds=60)
    run = work_in_one_burst(runtime, receiver)
    received = receiver.wait(12)
    assert all(each.verified_by(secret) for each in received)
    assert not any(each.verified_by(new_secret(runtime.assembly.random)) for each in received)
    assert {each.content_type for each in received} == {"application/cloudevents+json; charset=utf-8"}
    events = {event.seq: event for event in runtime.events(0, run_id=run, timeout_seconds=0.0)}
    by_number = {int(each.event["sequence"]): each.event for each in received}
    assert by_number.keys() == events.keys()
    for number, event in by_number.items():
        assert event["type"] == events[number].type
        assert event["specversion"] == "1.0"
        assert event["data"]["state"] == events[number].data["state"]
        assert event["data"]["definition_id"] == "double"
    settled(runtime, 12)
    assert [each["state"] for each in runtime.reader.jobs(JobFilter(type="webhook:ops"))] == ["completed"]


def test_an_answer_other_than_2xx_is_tried_again_with_the_same_id(
    runtime: Runtime, receiver: Receiver
) -> None:
    receiver.replies.extend([Reply(500, body=b"not\nyet"), Reply(404)])
    secret = send_to(runtime, receiver, level="runs", events=("job_status_change",))
    work(runtime)
    delivered = settled(runtime, 3)
    received = receiver.received
    assert len(received) == 5
    assert len({each.id for each in received}) == 3
    assert all(each.verified_by(secret) for each in received)
    assert [job["state"] for job in delivered] == ["completed"] * 3
    messages = " ".join(error["message"] for job in delivered for error in job.get("errors", ()))
    assert "webhook 'ops': it answered 500: not yet" in messages
    assert "it answered 404" in messages


def test_what_no_attempt_delivers_fails_is_seen_and_is_sent_by_a_retry(
    runtime: Runtime, receiver: Receiver
) -> None:
    receiver.reply = Reply(503)
    send_to(runtime, receiver, level="runs")
    work(runtime)
    dead = settled(runtime, 3)
    assert [(job["state"], job["attempt"]) for job in dead] == [("failed", 3)] * 3
    (shown,) = runtime.webhooks()
    assert shown["deliveries"]["failed"] == 3
    receiver.reply = Reply()
    for run in runtime.reader.jobs(JobFilter(type="webhook:ops")):
        runtime.retry(run["id"])
    assert [job["state"] for job in settled(runtime, 3)] == ["completed"] * 3


def test_the_waits_between_attempts_grow(tmp_path: Path, receiver: Receiver) -> None:
    receiver.reply = Reply(500)
    clock = ManualClock()
    waits: list[float] = []
    with Runtime(RuntimeSettings(store=tmp_path / "jobs.db"), workers=ALL, clock=clock) as runtime:
        secret = send_to(runtime, receiver, events=("webhook_enabled",))
        send_to(runtime, receiver, "second", events=("nothing",))
        runtime.disable_webhook("second")
        runtime.enable_webhook("second")
        until(partial(_is_made, runtime, clock), seconds=WAIT, what="the delivery")
        for attempt in range(1, 4):
            until(partial(_waits, runtime, attempt), seconds=WAIT, what=f"the end of attempt {attempt}")
            waits.append(_seconds_to_wait(runtime))
            # Seconds are no milliseconds: it would be one short now and then.
            clock.advance(_seconds_left(runtime, clock) + 0.01)
        receiver.wait_for(lambda received: len(received) >= 4)
        (job,) = jobs(runtime)
        assert job["max_attempts"] == 12
    for wait, most in zip(waits, (5, 15, 45), strict=True):
        assert 0.8 * most <= wait <= most, waits
    first = receiver.received[0]
    assert first.headers == signed_headers(first.id, first.timestamp, first.body, [secret])
    times = [each.timestamp for each in receiver.received]
    assert times == sorted(set(times)), "each attempt is signed with its own time"


def _is_made(runtime: Runtime, clock: ManualClock) -> bool:
    """Whether the delivery is there; else time goes on."""
    if jobs(runtime):
        return True
    clock.advance(0.25)
    return False


def _waits(runtime: Runtime, attempts: int) -> bool:
    """Whether the delivery waits for its time after so many attempts."""
    (job,) = jobs(runtime)
    return (job["state"], job["attempt"]) == ("scheduled", attempts)


def _seconds_to_wait(runtime: Runtime) -> float:
    """From the end of the last attempt on; the clock may have moved since that of the first."""
    (job,) = jobs(runtime)
    ends = [
        event.time_ms
        for event in runtime.events(0, timeout_seconds=0.0)
        if id_text(event.job_id) == job["id"] and event.data.get("state") == "scheduled"
    ]
    return (int(job["not_before"]) - ends[-1]) / 1000


def _seconds_left(runtime: Runtime, clock: ManualClock) -> float:
    (job,) = jobs(runtime)
    return (int(job["not_before"]) - clock.wall_ms()) / 1000


def test_a_receiver_that_asks_for_time_gets_it(tmp_path: Path, receiver: Receiver) -> None:
    receiver.replies.append(Reply(429, {"Retry-After": "600"}))
    with Runtime(RuntimeSettings(store=tmp_path / "jobs.db"), workers=ALL) as runtime:
        send_to(runtime, receiver, events=("webhook_set",))
        send_to(runtime, receiver, "other", events=("nothing",))
        until(lambda: [job["state"] for job in jobs(runtime)] == ["scheduled"], seconds=WAIT)
        (job,) = jobs(runtime)
        wait_ms = job["not_before"] - runtime.assembly.clock.wall_ms()
        assert 500_000 < wait_ms <= 600_000


def test_gone_disables_the_webhook_and_cancels_what_waits(runtime: Runtime, receiver: Receiver) -> None:
    receiver.replies.append(Reply(410))
    send_to(runtime, receiver, concurrency=1, timeout_seconds=60)
    work_in_one_burst(runtime, receiver)
    delivered = settled(runtime, 12)
    assert [job["state"] for job in delivered] == ["failed"] + ["cancelled"] * 11
    assert len(receiver.received) == 1
    (shown,) = runtime.webhooks()
    assert (shown["enabled"], shown["reason"]) == (False, "it answered 410: it wants no more")
    (told,) = of_webhooks(runtime, "webhook_disabled")
    assert told == {"webhook": "ops", "reason": "it answered 410: it wants no more"}
    work(runtime)
    runtime.enable_webhook("ops")
    (run,) = runtime.reader.jobs(JobFilter(type="webhook:ops"))
    runtime.retry(run["id"])
    assert [job["state"] for job in settled(runtime, 12)] == ["completed"] * 12


def test_a_redirect_is_not_followed(runtime: Runtime, receiver: Receiver) -> None:
    with receiving() as elsewhere:
        receiver.reply = Reply(307, {"Location": elsewhere.url})
        send_to(runtime, receiver, level="runs")
        work(runtime)
        (job, *_) = settled(runtime, 3)
        assert job["state"] == "failed"
        assert "set the webhook's url to where it is now" in job["error"]
        assert elsewhere.received == []


def test_an_address_that_is_not_of_the_internet_is_refused_where_it_is_connected_to(
    runtime: Runtime, receiver: Receiver
) -> None:
    """A name may lead anywhere by the time of a delivery: the check of the URL is no protection."""
    sealed = runtime.assembly.webhook_book.seal(())
    runtime._ask(SetWebhook(Webhook("ops", receiver.url), sealed, "570e"))
    work(runtime)
    delivered = settled(runtime, 12)
    assert {(job["state"], job["attempt"]) for job in delivered} == {("failed", 1)}
    assert "its address 127.0.0.1 is not on the internet; nothing was sent" in delivered[0]["error"]
    assert receiver.received == []
    with pytest.raises(RefusedError, match="not on the internet"):
        runtime.set_webhook("ops", receiver.url)


def test_a_receiver_that_does_not_answer_holds_up_no_other(runtime: Runtime, receiver: Receiver) -> None:
    with receiving() as dead:
        dead.hold = threading.Event()
        send_to(runtime, dead, "dead", timeout_seconds=60)
        send_to(runtime, receiver, "alive")
        work(runtime, 20)
        receiver.wait(40)
        dead.wait(4)
        assert len(dead.received) == 4, "its concurrency"


def test_an_answer_that_takes_too_long_is_none(runtime: Runtime, receiver: Receiver) -> None:
    receiver.hold = threading.Event()
    send_to(runtime, receiver, events=("webhook_set",), timeout_seconds=1)
    send_to(runtime, receiver, "other", events=("nothing",))
    until(lambda: any("errors" in job for job in jobs(runtime)), seconds=WAIT)
    assert "it did not answer within 1 s" in jobs(runtime)[0]["errors"][0]["message"]


def test_a_long_answer_is_not_read_to_its_end(runtime: Runtime, receiver: Receiver) -> None:
    receiver.reply = Reply(500, body=b"x" * 5_000_000)
    send_to(runtime, receiver, events=("webhook_set",))
    send_to(runtime, receiver, "other", events=("nothing",))
    (job,) = settled(runtime, 1)
    assert len(job["error"]) < 400


def test_what_waits_for_a_removed_webhook_is_cancelled(runtime: Runtime, receiver: Receiver) -> None:
    receiver.hold = threading.Event()
    send_to(runtime, receiver, concurrency=1, timeout_seconds=60)
    work(runtime)
    receiver.wait(1)
    until(lambda: len(jobs(runtime)) == 12, seconds=WAIT)
    assert runtime.remove_webhook("ops")
    receiver.hold.set()
    states = [job["state"] for job in settled(runtime, 12)]
    assert states == ["completed"] + ["cancelled"] * 11
    assert runtime.webhooks() == []


def test_a_test_message_is_answered_at_once_and_is_no_job(runtime: Runtime, receiver: Receiver) -> None:
    receiver.reply = Reply(202, body=b"thanks")
    secret = send_to(runtime, receiver)
    runtime.disable_webhook("ops")
    answer = runtime.test_webhook("ops")
    assert (answer.accepted, answer.status, answer.words) == (True, 202, "thanks")
    (received,) = receiver.received
    assert received.event["type"] == "webhook_test"
    assert received.verified_by(secret)
    assert jobs(runtime) == []
    with pytest.raises(RefusedError, match="there is no webhook 'no'"):
        runtime.test_webhook("no")


@pytest.mark.parametrize(
    ("url", "more", "said"),
    [
        ("ftp://example.com", {}, "url must be an http or https URL"),
        ("https://example.com", {"secret": "hush"}, "secret is not 'whsec_'"),
        ("https://example.com", {"timeout_seconds": 0}, "timeout_seconds"),
        ("https://example.com", {"level": "everything"}, "level"),
        ("https://example.com", {"runs": ("x",)}, "runs has an id that is none"),
    ],
)
def test_a_wrong_webhook_is_refused_and_not_set(
    runtime: Runtime, url: str, more: dict[str, Any], said: str
) -> None:
    with pytest.raises(RefusedError, match=said) as refused:
        runtime.set_webhook("ops", url, **more)
    assert "hush" not in str(refused.value)
    assert runtime.webhooks() == []


def test_a_definition_can_not_pass_for_deliveries(runtime: Runtime) -> None:
    with pytest.raises(RefusedError, match="must not begin with 'webhook:'"):
        runtime.submit(JobDefinition("webhook:ops", "mine", ()))
