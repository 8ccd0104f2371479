"""The gateway inside a service's own application: here one of Starlette, which FastAPI's are too."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from websockets.sync.client import connect

from runtime import Runtime
from runtime.gateway import gateway
from tests.embedding.workers import Number, double


async def own(_: Request) -> PlainTextResponse:
    """A page of the service."""
    return PlainTextResponse("the service's own")


@contextmanager
def served(application: Starlette) -> Iterator[str]:
    """The application on a port of its own."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application, log_config=None, ws="websockets-sansio"))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(100)


def test_it_serves_under_a_path_of_the_services_own_application(tmp_path: Path) -> None:
    with Runtime(store=tmp_path / "jobs.db", workers=[double]) as runtime:
        application = Starlette(routes=[Route("/", own), Mount("/quaero", gateway(runtime))])
        with (
            served(application) as address,
            httpx.Client(base_url=f"http://{address}", trust_env=False, timeout=100) as client,
        ):
            assert client.get("/").text == "the service's own"
            run = runtime.fan_out(double, [Number(1)])
            run.wait(100)
            assert client.get(f"/quaero/api/jobs/{run.id}").json()["state"] == "completed"
            again = client.post(f"/quaero/api/jobs/{run.id}/rerun")
            assert again.status_code == 201
            assert again.headers["location"].startswith("/quaero/")
            assert client.get(again.headers["location"]).status_code == 200
            assert client.head(again.headers["location"]).status_code == 200
            assert client.get("/quaero/api/jobs/none").status_code == 404
            assert client.get("/quaero/api/jobs", headers={"host": "evil.example.com"}).status_code == 400
            with connect(f"ws://{address}/quaero/ws", proxy=None, open_timeout=100) as events:
                assert '"snapshot"' in str(events.recv(100))[:30]
