"""A runtime with its gateway on a real port, and a client."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from runtime import Runtime
from runtime.gateway.serving import GatewayServer
from runtime.gateway.settings import GatewaySettings
from runtime.gateway.tokens import Role, Token, token_hash
from runtime.settings import RuntimeSettings
from tests.embedding.gates import AtGate
from tests.embedding.workers import double, gated, poison, write

READER, OPERATOR = "reader's token", "operator's token"
TOKENS = (
    Token("reader", token_hash(READER), Role.READ),
    Token("operator", token_hash(OPERATOR), Role.OPERATE),
)


class Service(msgspec.Struct):
    """What a test has: the runtime, its address, and a client of it."""

    runtime: Runtime
    server: GatewayServer
    client: httpx.Client
    definitions: Path


def service_with(directory: Path, settings: GatewaySettings) -> Iterator[Service]:
    """A service on a port of its own."""
    definitions = directory / "definitions"
    definitions.mkdir()
    configured = RuntimeSettings(
        store=directory / "jobs.db", definitions_directory=definitions, grace_seconds=0.5
    )
    with Runtime(configured, workers=[double, gated, poison, write], managers=[AtGate]) as runtime:
        server = GatewayServer(runtime, settings)
        server.start()
        try:
            with httpx.Client(base_url=server.url, timeout=20, trust_env=False) as client:
                yield Service(runtime, server, client, definitions)
        finally:
            server.stop()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Open to this machine."""
    yield from service_with(tmp_path, GatewaySettings(port=0))


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Service]:
    """With tokens."""
    yield from service_with(tmp_path, GatewaySettings(port=0, tokens=TOKENS, failed_logins=5))
