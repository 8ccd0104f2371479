"""A runtime with its gateway on a real port, and a client."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from actors.worker import JobWorker
from runtime import Runtime
from runtime.gateway.serving import GatewayServer
from runtime.gateway.settings import GatewaySettings
from runtime.gateway.tokens import Role, Token, token_hash
from runtime.settings import RuntimeSettings
from tests.embedding.gates import AtGate
from tests.embedding.workers import double, gated, poison, write

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
FLAGS = (
    "--no-sandbox",  # as root, in CI
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

LONGEST_MS = 100_000
"""A page that does not show something by then never will."""
expect.set_options(timeout=LONGEST_MS)  # it has 5 s of its own, whatever a page has

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


def service_with(directory: Path, settings: GatewaySettings, *others: JobWorker) -> Iterator[Service]:
    """A service on a port of its own; with workers of the test's own."""
    definitions = directory / "definitions"
    definitions.mkdir()
    configured = RuntimeSettings(
        store=directory / "jobs.db", definitions_directory=definitions, grace_seconds=0.5
    )
    with Runtime(configured, workers=[double, gated, poison, write, *others], managers=[AtGate]) as runtime:
        server = GatewayServer(runtime, settings)
        server.start()
        try:
            with httpx.Client(base_url=server.url, timeout=100, trust_env=False) as client:
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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


def new_page(browser: Browser, **options: Any) -> Page:
    """A page that is waited for as long as may be."""
    page = browser.new_page(**options)
    page.set_default_timeout(LONGEST_MS)
    return page


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page whose scripts must not fail, and which asks nobody but the gateway."""
    page = new_page(browser)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: faults.append(dialog.message))
    page.on("request", lambda asked: None if "//127.0.0.1:" in asked.url else faults.append(asked.url))
    yield page
    page.close()
    assert faults == []
