"""The proxy of a page, without a browser: where it lets requests go, and when it ends."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from actors.worker.crawler.browser.gate import PageGate
from tests.worker.crawler.site import Answer, Site, reply

Result = TypeVar("Result")
MOST_BYTES = 100_000


def through(
    answers: dict[str, Answer],
    use: Callable[[PageGate, Site], Awaitable[Result]],
    *,
    private: bool = True,
) -> Result:
    """Serve the answers on loopback while ``use`` asks for them through a gate."""

    async def run() -> Result:
        async with (
            Site(answers).serving() as site,
            PageGate(allow_private_addresses=private, max_bytes=MOST_BYTES) as gate,
        ):
            return await use(gate, site)

    return asyncio.run(run())


async def sent(gate: PageGate, head: str) -> bytes:
    """All that comes back for a request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(gate.url.rpartition(":")[2]))
    writer.write(head.encode())
    try:
        async with asyncio.timeout(100):
            return await reader.read()
    except ConnectionError:  # cut while something was on its way
        return b""
    finally:
        writer.close()


def closing(answer: bytes) -> Answer:
    """A server that ends the connection with its answer."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    return write


def test_a_plain_request_gets_its_answer_and_the_connection_ends() -> None:
    async def use(gate: PageGate, site: Site) -> bytes:
        return await sent(gate, f"GET {site.url}/a?b=c HTTP/1.1\r\nHost: x\r\nX-Mine: yes\r\n\r\n")

    answer = through({"/a?b=c": closing(reply("hello", Connection="keep-alive"))}, use)

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"keep-alive" not in answer
    assert answer.endswith(b"Connection: close\r\n\r\nhello")


def test_a_tunnel_carries_whatever_the_two_sides_say() -> None:
    async def use(gate: PageGate, site: Site) -> bytes:
        inner = "GET /a HTTP/1.1\r\nConnection: close\r\n\r\n"
        return await sent(gate, f"CONNECT 127.0.0.1:{site.port} HTTP/1.1\r\n\r\n{inner}")

    answer = through({"/a": closing(reply("hello"))}, use)

    assert answer.startswith(b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"hello")


def test_what_is_not_of_the_internet_is_refused_by_its_address_and_nothing_is_sent_there() -> None:
    """By whatever name: a literal, a name, an odd spelling, an address inside another."""
    names = (
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "[::ffff:127.0.0.1]",
        "[::1]",
        "169.254.169.254",
    )

    async def use(gate: PageGate, site: Site) -> tuple[list[bytes], list[str]]:
        answers = [await sent(gate, f"GET http://{each}:{site.port}/ HTTP/1.1\r\n\r\n") for each in names]
        answers += [await sent(gate, f"CONNECT {each}:{site.port} HTTP/1.1\r\n\r\n") for each in names]
        assert set(gate.refused) >= {"127.0.0.1", "localhost", "169.254.169.254"}
        return answers, site.paths()

    answers, paths = through({"/": reply("secret")}, use, private=False)

    assert all(answer.startswith((b"HTTP/1.1 403 ", b"HTTP/1.1 502 ")) for answer in answers)
    assert paths == []


def test_beyond_what_a_page_may_have_everything_is_cut() -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()

    async def use(gate: PageGate, site: Site) -> tuple[int, bytes]:
        received = len(await sent(gate, f"GET {site.url}/ HTTP/1.1\r\n\r\n"))
        assert gate.exceeded
        return received, await sent(gate, f"GET {site.url}/ HTTP/1.1\r\n\r\n")

    received, after = through({"/": endless}, use)

    assert received < 3 * MOST_BYTES
    assert after == b""


def test_what_is_no_request_and_what_can_not_be_reached_are_told() -> None:
    async def use(gate: PageGate, _: Site) -> list[bytes]:
        return [
            await sent(gate, "GET / HTTP/1.1\r\n\r\n"),
            await sent(gate, "GET http://127.0.0.1:1/ HTTP/1.1\r\n\r\n"),
            await sent(gate, "GET http://nowhere.invalid/ HTTP/1.1\r\n\r\n"),
        ]

    assert [answer.split()[1] for answer in through({}, use)] == [b"403", b"502", b"502"]


def test_a_closed_gate_has_cut_what_went_through_it() -> None:
    async def run() -> bytes:
        asked = asyncio.Event()

        async def silent(_: asyncio.StreamWriter) -> None:
            asked.set()
            await asyncio.Event().wait()

        async with Site({"/": silent}).serving() as site:
            async with PageGate(allow_private_addresses=True, max_bytes=MOST_BYTES) as gate:
                asking = asyncio.ensure_future(sent(gate, f"GET {site.url}/ HTTP/1.1\r\n\r\n"))
                await asked.wait()
            return await asking

    assert asyncio.run(run()) == b""
