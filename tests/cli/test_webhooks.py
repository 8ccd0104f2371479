"""``quaero webhook``, and ``[webhooks.NAME]`` of a configuration, as processes."""

import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.cli.commands.work import left_for_later
from tests.cli.command import quaero
from tests.cli.running import running
from tests.webhooks.receiver import Receiver, Reply, receiving

GENERATOR = """
id = "tick"
name = "Tick"
[step.only]
action = "test_job_generator"
worker_count = 2
log_count = 1
log_delay_ms = 0
failure_rate = 0.0
child_count = 0
recursion_depth = 0
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def add(tmp_path: Path, receiver: Receiver, *more: str) -> str:
    done = quaero(
        "webhook", "add", "ops", receiver.url, "--allow-private-addresses", *more, "--json", cwd=tmp_path
    )
    assert done.code == 0, done.err
    return str(done.value["secret"])


def test_a_run_tells_a_webhook_of_its_end(tmp_path: Path, receiver: Receiver) -> None:
    secret = add(
        tmp_path, receiver, "--level", "runs", "--event", "job_status_change", "--definition", "tick"
    )
    (tmp_path / "tick.toml").write_text(GENERATOR)
    assert quaero("run", "tick.toml", cwd=tmp_path).code == 0
    received = receiver.wait(3)
    assert sorted(each.event["data"]["state"] for each in received) == ["completed", "pending", "running"]
    assert all(each.verified_by(secret) for each in received)
    (shown,) = quaero("webhook", "list", "--json", cwd=tmp_path).value
    assert shown["deliveries"]["total"] == 3
    assert "secret" not in shown
    runs = quaero("jobs", "--kind", "run", "--json", cwd=tmp_path).value
    assert [each["type"] for each in runs] == ["tick"]
    deliveries = quaero("jobs", "--kind", "run", "--type", "webhook:ops", "--json", cwd=tmp_path).value
    assert deliveries
    listed = quaero("webhook", "list", cwd=tmp_path).out
    assert "job_status_change of runs tick" in listed
    assert secret not in listed


def let_an_hour_pass(store: Path) -> None:
    """As if what waits for its next attempt had waited so long."""
    connection = sqlite3.connect(store, isolation_level=None)
    connection.execute("UPDATE job SET not_before = not_before - 3600000 WHERE state = 'scheduled'")
    connection.close()


def test_what_a_dead_receiver_misses_waits_for_the_next_runtime(tmp_path: Path, receiver: Receiver) -> None:
    receiver.reply = Reply(503, {"retry-after": "3600"})  # none comes due while the others are counted
    secret = add(tmp_path, receiver, "--level", "runs")
    (tmp_path / "tick.toml").write_text(GENERATOR)
    assert quaero("run", "tick.toml", cwd=tmp_path).code == 0
    left = quaero("work", "--until-idle", "--json", cwd=tmp_path)
    assert (left.code, left.value["idle"]) == (0, True), left.err
    number = left.value["deliveries_left"]["number"]
    assert f"{number} deliveries to webhooks wait to be tried again, the next at 20" in left.err
    assert number == quaero("webhook", "list", "--json", cwd=tmp_path).value[0]["deliveries"]["total"]
    receiver.reply = Reply()
    tried = len(receiver.received)
    let_an_hour_pass(tmp_path / "quaero.db")
    with running("work", cwd=tmp_path) as work:
        receiver.wait_for(lambda all_: len({each.id for each in all_[tried:]}) == number)
        work.process.send_signal(signal.SIGINT)
        assert work.end().code == 0
    assert all(each.verified_by(secret) for each in receiver.received)
    assert quaero("work", "--until-idle", cwd=tmp_path).out == "idle: nothing is left to do\n"
    (shown,) = quaero("webhook", "list", "--json", cwd=tmp_path).value
    made = shown["deliveries"]
    assert (made["completed"], shown["events_behind"]) == (made["total"], 0)


def test_one_delivery_that_is_left_is_told_as_one() -> None:
    told = left_for_later(1, 1_000_000, 880_000)
    assert told.startswith("a delivery to a webhook waits to be tried again, the next at 1970-01-01 ")
    assert ", in 2 min 00 s: " in told
    assert ", in 0.0 s: " in left_for_later(3, 1_000, 5_000)


def test_a_webhook_is_switched_tested_and_removed(tmp_path: Path, receiver: Receiver) -> None:
    secret = add(tmp_path, receiver)
    assert quaero("webhook", "disable", "ops", cwd=tmp_path).out == "webhook ops is disabled\n"
    assert "disabled: an operator disabled it" in quaero("webhook", "list", cwd=tmp_path).out
    assert quaero("webhook", "enable", "ops", cwd=tmp_path).out == "webhook ops is enabled\n"
    assert quaero("webhook", "test", "ops", cwd=tmp_path).code == 0
    receiver.reply = Reply(500, body=b"broken")
    tested = quaero("webhook", "test", "ops", "--json", cwd=tmp_path)
    assert (tested.code, tested.value["status"], tested.value["answer"]) == (1, 500, "broken")
    rotated = quaero("webhook", "rotate", "ops", "--json", cwd=tmp_path).value["secret"]
    receiver.reply = Reply()
    quaero("webhook", "test", "ops", cwd=tmp_path)
    last = receiver.received[-1]
    assert last.verified_by(rotated)
    assert last.verified_by(secret)
    assert quaero("webhook", "remove", "ops", cwd=tmp_path).code == 0
    assert quaero("webhook", "list", "--json", cwd=tmp_path).value == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "ops", "https://me:hush@example.com"), "url has a user or password in it"),
        (("add", "ops", "http://127.0.0.1:9/"), "url leads to 127.0.0.1, which is not on the internet"),
        (("remove", "ops"), "there is no webhook 'ops'; `quaero webhook list` lists them"),
        (("rotate", "ops"), "there is no webhook 'ops'; `quaero webhook list` lists them"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = quaero("webhook", *arguments, cwd=tmp_path)
    assert done.code == 2
    assert said in done.err
    assert "hush" not in done.err
    assert "Traceback" not in done.err


def configure(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "quaero.toml"
    file.write_text(text)
    return file


def test_a_configuration_sets_its_webhooks_and_forgets_them(tmp_path: Path, receiver: Receiver) -> None:
    secret = quaero("webhook", "secret", cwd=tmp_path).out.strip()
    (tmp_path / "secret").write_text(f"{secret}\n")
    (tmp_path / "tick.toml").write_text(GENERATOR)
    configure(
        tmp_path,
        f"""
        [webhooks.ops]
        url = "{receiver.url}"
        secret_file = "secret"
        level = "runs"
        allow_private_addresses = true
        """,
    )
    assert quaero("check", "quaero.toml", cwd=tmp_path).code == 0
    assert quaero("run", "tick.toml", cwd=tmp_path).code == 0
    assert all(each.verified_by(secret) for each in receiver.wait(3))
    (shown,) = quaero("webhook", "list", "--json", cwd=tmp_path).value
    assert shown["configuration"] == str(tmp_path / "quaero.toml")
    refused = quaero("webhook", "add", "ops", "https://example.com", cwd=tmp_path)
    assert (refused.code, "is set by" in refused.err) == (2, True)
    configure(tmp_path, "")
    assert quaero("work", "--until-idle", cwd=tmp_path).code == 0
    assert quaero("webhook", "list", "--json", cwd=tmp_path).value == []


def test_the_secret_may_come_from_the_environment(tmp_path: Path, receiver: Receiver) -> None:
    secret = quaero("webhook", "secret", "--json", cwd=tmp_path).value["secret"]
    configure(
        tmp_path, f'[webhooks.ops]\nurl = "{receiver.url}"\nallow_private_addresses = true\nlevel = "runs"\n'
    )
    (tmp_path / "tick.toml").write_text(GENERATOR)
    without = quaero("run", "tick.toml", cwd=tmp_path)
    assert (without.code, "webhooks.ops.secret is missing" in without.err) == (2, True)
    done = quaero("run", "tick.toml", cwd=tmp_path, QUAERO_WEBHOOKS__OPS__SECRET=secret)
    assert done.code == 0
    assert all(each.verified_by(secret) for each in receiver.wait(3))


def test_a_malformed_configuration_is_refused_with_its_line(tmp_path: Path) -> None:
    configure(tmp_path, '[webhooks.ops]\nurl = "https://example.com"\nsecret = "hush"\nlevel = "runs"\n')
    for command in (("check", "quaero.toml"), ("work", "--until-idle")):
        done = quaero(*command, cwd=tmp_path)
        assert done.code == 2
        assert "quaero.toml:3: webhooks.ops.secret is not 'whsec_' and 24 to 64 bytes in base64" in done.err
        assert "hush" not in done.err
    assert not (tmp_path / "quaero.db").exists()
