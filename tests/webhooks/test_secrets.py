"""A webhook's secret signs what is sent, overlaps with the one that replaces it, and is seen nowhere."""

from pathlib import Path

import pytest

from actors.webhooks.signature import new_secret
from runtime import Runtime
from runtime.webhooks import WebhookSet
from tests.webhooks.delivering import jobs, send_to, settled, work
from tests.webhooks.receiver import Receiver, Reply


def test_while_a_secret_is_replaced_both_sign(runtime: Runtime, receiver: Receiver) -> None:
    old = send_to(runtime, receiver, level="runs")
    new = runtime.rotate_webhook("ops").secret
    assert new is not None
    work(runtime)
    received = receiver.wait(3)
    assert all(each.verified_by(old) and each.verified_by(new) for each in received)
    newest = runtime.rotate_webhook("ops", keep_hours=0).secret
    assert newest is not None
    work(runtime)
    later = receiver.wait(6)[3:]
    assert all(each.verified_by(newest) for each in later)
    assert not any(each.verified_by(new) for each in later)
    assert all(each.verified_by(old) for each in later) is False


def test_setting_a_webhook_anew_keeps_its_secret(runtime: Runtime, receiver: Receiver) -> None:
    secret = send_to(runtime, receiver)
    again: WebhookSet = runtime.set_webhook("ops", receiver.url, allow_private_addresses=True, level="runs")
    assert again.secret is None
    work(runtime)
    assert all(each.verified_by(secret) for each in receiver.wait(3))
    given = new_secret(runtime.assembly.random)
    assert runtime.set_webhook("ops", receiver.url, secret=given, allow_private_addresses=True).secret is None
    work(runtime)
    assert any(each.verified_by(given) for each in receiver.wait(15))


def test_a_secret_is_seen_nowhere(
    runtime: Runtime, receiver: Receiver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.reply = Reply(500)
    secret = send_to(runtime, receiver)
    work(runtime)
    settled(runtime, 12)
    inner = secret.removeprefix("whsec_")
    shown = [repr(runtime.webhooks()), repr(jobs(runtime)), caplog.text, repr(runtime)]
    shown += [repr(event) for event in runtime.events(0, timeout_seconds=0.0)]
    for text in shown:
        assert inner not in text
    for file in tmp_path.iterdir():
        if file.is_file():
            assert inner.encode() not in file.read_bytes(), file
