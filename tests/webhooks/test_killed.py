"""Real processes that deliver, killed at any moment: each event is one delivery, and reaches the receiver."""

import os
import subprocess
from functools import partial
from pathlib import Path

import msgspec

from runtime import Runtime
from runtime.settings import RuntimeSettings
from tests.embedding.processes import kill_group, sql, start_victim, until
from tests.embedding.workers import ALL, Number
from tests.webhooks.receiver import Receiver

ROUNDS = int(os.environ.get("QUAERO_KILL_ROUNDS", "10")) // 4
JOBS = 12
NOBODY = {each.worker_type: {"slots": 0} for each in ALL} | {"webhook_delivery": {"slots": 0}}


def begin(store: Path, receiver: Receiver) -> str:
    """A webhook, and a run that nobody works on yet; returns the secret."""
    with Runtime(RuntimeSettings(store=store, worker_options=NOBODY), workers=ALL) as runtime:
        done = runtime.set_webhook("ops", receiver.url, allow_private_addresses=True)
        runtime.fan_out("double", [Number(number) for number in range(JOBS)])
    assert done.secret is not None
    return done.secret


def progressed(receiver: Receiver, victims: list["subprocess.Popen[bytes]"], before: int) -> bool:
    return len(receiver.received) > before or all(victim.poll() is not None for victim in victims)


def test_processes_that_are_killed_lose_no_event_and_double_no_delivery(
    tmp_path: Path, receiver: Receiver
) -> None:
    store = tmp_path / "jobs.db"
    secret = begin(store, receiver)
    for _ in range(ROUNDS):
        victims = [start_victim(store), start_victim(store)]
        before = len(receiver.received)
        until(partial(progressed, receiver, victims, before), what="progress")
        for victim in victims:
            if victim.poll() is None:
                kill_group(victim)
    victims = [start_victim(store), start_victim(store)]
    assert [victim.wait(100) for victim in victims] == [0, 0]

    payloads = sql(store, "SELECT payload FROM job WHERE type = 'webhook_delivery'")
    made = [int(msgspec.json.decode(str(payload))["event"]["id"]) for (payload,) in payloads]
    with Runtime(RuntimeSettings(store=store, worker_options=NOBODY), workers=ALL) as runtime:
        wanted = [
            event.seq
            for event in runtime.events(0, timeout_seconds=0.0)
            if event.data.get("definition_id") == "double"
        ]
    assert sorted(made) == wanted
    assert len(wanted) >= 3 * JOBS + 6
    assert sql(store, "SELECT DISTINCT state FROM job") == [("completed",)]
    received = receiver.received
    assert {int(each.event["id"]) for each in received} == set(wanted)
    assert len({each.id for each in received}) == len(wanted), "an event's id is the same every time"
    assert all(each.verified_by(secret) for each in received)
