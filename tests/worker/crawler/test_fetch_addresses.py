import asyncio

import pytest

from actors.seams import SystemClock
from actors.worker.crawler.errors import PrivateAddressError
from actors.worker.crawler.fetch import Fetcher, FetchRequest
from tests.worker.crawler.fetching import ALLOWED, fetch_error_of
from tests.worker.crawler.site import Site, reply


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "10.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
    ],
)
def test_addresses_that_are_not_of_the_internet_are_refused_for_good(host: str) -> None:
    error = fetch_error_of(f"http://{host}:9/")

    assert isinstance(error, PrivateAddressError)
    assert not error.retryable
    assert "allow_private_addresses" in str(error)


def test_a_refused_address_is_never_connected_to() -> None:
    async def run() -> tuple[list[str], int]:
        async with Site({"/": reply("secret")}).serving() as site:
            fetcher = Fetcher(SystemClock())
            with pytest.raises(PrivateAddressError):
                await fetcher.fetch(FetchRequest(site.url + "/"))
            await fetcher.aclose()
            return site.paths(), site._connections

    assert asyncio.run(run()) == ([], 0)


def test_a_connection_that_was_allowed_is_not_used_by_a_request_that_is_not() -> None:
    async def run() -> list[str]:
        async with Site({"/": reply("secret")}).serving() as site:
            fetcher = Fetcher(SystemClock())
            await fetcher.fetch(FetchRequest(site.url + "/", ALLOWED))
            with pytest.raises(PrivateAddressError):
                await fetcher.fetch(FetchRequest(site.url + "/"))
            await fetcher.aclose()
            return site.paths()

    assert asyncio.run(run()) == ["/"]
