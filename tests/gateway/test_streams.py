"""Events over HTTP and WebSocket: every one, in order, once, however often a client is cut."""

import asyncio
import random
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from runtime.events.cloud_events import PROGRESS
from runtime.gateway.broadcast import Broadcast
from runtime.gateway.frame import Wanted
from tests.embedding.workers import Number, Where, double
from tests.gateway.conftest import OPERATOR, Service
from tests.gateway.sockets import socket_at

decode = msgspec.json.decode

BUFFERED_BYTES = 1 << 20
"""What may wait for one socket that does not read: a frame, and what a transport takes before it says stop."""


def streamed(client: httpx.Client, **options: Any) -> Iterator[tuple[str, str, Any]]:
    """The id, type and data of each event of a stream; heartbeats are left out."""
    with client.stream("GET", "/api/events", **options) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        for line in response.iter_lines():
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                yield fields.get("id", ""), fields["event"], decode(fields["data"])
                fields = {}
            else:
                fields = {}


def all_events(service: Service) -> list[int]:
    after, found = 0, list[int]()
    while True:
        events, reached = service.runtime.reader.events(after)
        found += [event.seq for event in events]
        if reached == after:
            return found
        after = reached


def test_a_stream_begins_with_a_snapshot_and_goes_on_with_what_follows(service: Service) -> None:
    first = service.runtime.fan_out(double, [Number(1)])
    first.wait(100)
    events = streamed(service.client)
    number, kind, snapshot = next(events)
    assert (kind, int(number)) == ("snapshot", snapshot["sequence"])
    assert [each["id"] for each in snapshot["runs"]] == [first.id]
    assert snapshot["statistics"]["jobs"]["completed"] == 1
    run = service.runtime.fan_out(double, [Number(2)])
    seen = []
    for number, kind, event in events:
        if kind != PROGRESS:
            assert event["specversion"] == "1.0"
            assert event["sequence"] == number.rjust(20, "0")
            assert event["correlationid"] == run.id
            seen.append(int(number))
            if event["data"].get("state") == "completed" and event["subject"] == run.id:
                break
    assert seen == [each for each in all_events(service) if each > snapshot["sequence"]]


def test_progress_of_a_run_counts_its_jobs_and_the_last_picture_is_always_sent(service: Service) -> None:
    events = streamed(service.client)
    next(events)
    run = service.runtime.fan_out(double, [Number(each) for each in range(40)])
    for _, kind, event in events:
        if kind == PROGRESS and event["subject"] == run.id and event["data"]["status"] == "completed":
            assert event["data"]["counts"]["completed"] == 40
            assert event["data"]["progress"]["percentage"] == 100.0
            break


def test_the_counts_of_many_runs_are_those_of_each(service: Service) -> None:
    """Asked for together, as progress is."""
    runs = [service.runtime.fan_out(double, [Number(each)] * size) for size, each in ((3, 1), (1, 2), (5, 3))]
    runs.append(service.runtime.fan_out("poison", [Where("permanent"), Where("fine")]))
    for run in runs:
        run.wait(100)
    found = service.runtime.reader.run_counts([*(run.number for run in runs), 7])
    assert {run: (state, counts) for run, state, counts in found} == {
        run.number: (run.state, run.progress()) for run in runs
    }


def test_a_client_that_is_cut_a_hundred_times_misses_nothing_and_sees_nothing_twice(service: Service) -> None:
    chance = random.Random(7)  # noqa: S311 (to be repeated)
    seen: list[int] = []
    runs = []
    for _ in range(100):
        runs.append(
            service.runtime.fan_out(double, [Number(each) for each in range(5)])
        )  # more than 20 events
        left = chance.randrange(1, 20)
        for number, _, _ in streamed(service.client, headers={"Last-Event-ID": str(seen[-1] if seen else 0)}):
            if number:
                seen.append(int(number))
                left -= 1
            if not left:
                break
    for run in runs:
        run.wait(100)
    expected = all_events(service)
    for number, _, _ in streamed(service.client, headers={"Last-Event-ID": str(seen[-1])}):
        if number:
            seen.append(int(number))
        if seen[-1] == expected[-1]:
            break
    assert seen == expected


def test_what_is_wanted_is_filtered(service: Service) -> None:
    other = service.runtime.fan_out(double, [Number(1)])
    run = service.runtime.fan_out(double, [Number(1, spawn=2)])
    run.wait(100)
    other.wait(100)
    params = {"run_id": run.id, "type": "job_spawn", "after": "0"}
    events = streamed(service.client, params=params)
    spawned = [next(events), next(events)]
    assert {event["correlationid"] for _, _, event in spawned} == {run.id}
    assert {event["data"]["spawned_by"] for _, _, event in spawned} == {
        event["causationid"] for _, _, event in spawned
    }
    for wrong in ({"mode": "some"}, {"after": "-1"}, {"after": "x"}, {"run_id": "x"}):
        assert service.client.get("/api/events", params=wrong).status_code in {400, 404}


def test_in_latest_mode_only_the_last_state_of_each_job_comes(service: Service) -> None:
    run = service.runtime.fan_out(double, [Number(each) for each in range(50)])
    run.wait(100)
    last: dict[str, str] = {}
    number_of_events = 0
    for _, kind, event in streamed(service.client, params={"mode": "latest", "after": "0"}):
        if kind == "job_status_change":
            number_of_events += 1
            last[event["subject"]] = event["data"]["state"]
            if event["subject"] == run.id and event["data"]["state"] == "completed":
                break
    assert number_of_events < len(all_events(service))
    assert set(last.values()) == {"completed"}


def test_listeners_at_one_place_get_the_same_frame(service: Service) -> None:
    """It is made once, and written out once in each form."""

    async def scene() -> None:
        assembly = service.runtime.assembly
        broadcast = Broadcast(lambda: service.runtime.reader, assembly.hub, assembly.clock, "/test")
        listeners = [await broadcast.listen(0, Wanted()) for _ in range(3)]
        run = await service.runtime.fan_out_async(double, [Number(1)])
        await run.wait_async(100)
        frames = [await each.next() for each in listeners]
        assert frames[0].events
        assert all(each is frames[0] for each in frames)
        assert frames[0].envelope is frames[1].envelope
        assert [each.seq for each in frames[0].events if each.seq] == [*range(1, listeners[0].cursor + 1)]
        for each in listeners:
            each.close()

    asyncio.run(scene())


def test_listeners_that_come_at_once_get_what_there_is_though_nothing_follows(service: Service) -> None:
    service.runtime.fan_out(double, [Number(1)]).wait(100)

    async def scene() -> None:
        assembly = service.runtime.assembly
        broadcast = Broadcast(lambda: service.runtime.reader, assembly.hub, assembly.clock, "/test")

        async def first_frame() -> list[int]:
            listener = await broadcast.listen(0, Wanted())
            found = [event.seq for event in (await listener.next()).events if event.seq]
            listener.close()
            return found

        async with asyncio.timeout(100):
            found = await asyncio.gather(*(first_frame() for _ in range(3)))
        assert found == [all_events(service)] * 3

    asyncio.run(scene())


def test_a_stream_that_is_not_followed_ends_with_what_there_is(service: Service) -> None:
    service.runtime.fan_out(double, [Number(each) for each in range(20)]).wait(100)
    params = {"after": "0", "follow": "false"}
    assert [int(number) for number, _, _ in streamed(service.client, params=params)] == all_events(service)
    [(_, kind, _)] = streamed(service.client, params={"follow": "false"})
    assert kind == "snapshot"


def test_a_client_that_has_seen_more_than_there_is_begins_anew(service: Service) -> None:
    """It followed another store at this address, or this one before a backup was put in its place."""
    run = service.runtime.fan_out(double, [Number(1)])
    run.wait(100)
    last = all_events(service)[-1]
    for follow in ("true", "false"):
        found = streamed(
            service.client, params={"follow": follow}, headers={"Last-Event-ID": str(last + 1000)}
        )
        number, kind, shown = next(found)
        assert (number, kind, shown["sequence"], shown["reset"]) == (str(last), "snapshot", last, True)

    async def scene() -> None:
        address = f"{service.server.url.replace('http', 'ws')}/ws?after={last + 1000}"
        async with socket_at(address) as socket:
            shown = decode(await socket.recv())
        assert (shown["type"], shown["payload"]["sequence"], shown["payload"]["reset"]) == (
            "snapshot",
            last,
            True,
        )

    asyncio.run(scene())


def test_streams_end_when_the_server_stops(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    events = streamed(service.client)
    next(events)
    service.server.stop()
    assert list(events) == []
    assert [each.getMessage() for each in caplog.records if each.levelname == "ERROR"] == []


async def read_socket(url: str, after: int, until: int) -> list[int]:
    seen: list[int] = []
    async with socket_at(f"{url}?after={after}", max_size=1 << 24) as socket:
        while not seen or seen[-1] < until:
            message = decode(await socket.recv())
            batch = message["payload"] if message["type"] == "batch" else [message]
            seen += [int(each["payload"]["id"]) for each in batch if each["type"] != PROGRESS]
    return seen


def test_a_hundred_sockets_see_every_event_in_order_while_ten_do_not_read(service: Service) -> None:
    url = service.server.url.replace("http", "ws") + "/ws"

    async def scene() -> None:
        silent = [await socket_at(f"{url}?after=0", max_queue=1) for _ in range(10)]
        runs = [
            await service.runtime.fan_out_async(double, [Number(each) for each in range(50)])
            for _ in range(10)
        ]
        for run in runs:
            await run.wait_async(100)
        expected = await asyncio.to_thread(all_events, service)
        seen = await asyncio.gather(*(read_socket(url, 0, expected[-1]) for _ in range(100)))
        assert all(each == expected for each in seen)
        assert service.server.waiting_bytes < 10 * BUFFERED_BYTES
        for each in silent:
            each.transport.abort()

    asyncio.run(scene())


def test_a_socket_is_refused_as_a_request_is(guarded: Service) -> None:
    url = guarded.server.url.replace("http", "ws") + "/ws"

    async def refused(**options: Any) -> None:
        with pytest.raises(Exception, match="rejected"):
            async with socket_at(url, **options):
                pass

    async def scene() -> None:
        await refused()
        await refused(
            origin="https://evil.example.com", additional_headers={"Authorization": f"Bearer {OPERATOR}"}
        )
        async with socket_at(url, additional_headers={"Authorization": f"Bearer {OPERATOR}"}) as socket:
            assert decode(await socket.recv())["type"] == "snapshot"

    asyncio.run(scene())


def test_a_page_that_wants_only_parents_gets_no_event_of_a_job_and_who_wants_all_gets_all(
    service: Service,
) -> None:
    parents = streamed(service.client, params={"level": "parents", "after": "0"})
    run = service.runtime.fan_out(double, [Number(each) for each in range(30)])
    seen = []
    for number, kind, event in parents:
        if kind != PROGRESS:
            seen.append((int(number), event["subject"]))
            if event["subject"] == run.id and event["data"].get("state") == "completed":
                break
    step = service.runtime.reader.run(run.number)
    assert step is not None
    assert {subject for _, subject in seen} == {run.id, step["steps"][0]["job_id"]}
    with httpx.Client(base_url=service.server.url, timeout=100, trust_env=False) as other:
        everything = [0]
        for number, _, _ in streamed(other, headers={"Last-Event-ID": "0"}):
            if number:
                everything.append(int(number))
            if everything[-1] == seen[-1][0]:
                break
    assert everything[1:] == all_events(service)
