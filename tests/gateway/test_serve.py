"""``quaero serve`` and ``quaero token`` as a user has them: real processes, real signals."""

import json
import signal
from pathlib import Path

import httpx
import pytest

from runtime.config import load_config, settings_of
from runtime.gateway.settings import GatewaySettings
from runtime.gateway.tokens import Role, Token
from tests.cli.command import quaero
from tests.cli.running import Running, running

CONFIG = """
[modules]
workers = ["tests.cli.gates:gate"]
managers = ["tests.cli.gates:GatesManager"]

[definitions]
directory = "definitions"
"""
GATES = """id = "gates"
name = "Gates"

[step.gates]
action = "gates"
path = "open"
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "quaero.toml").write_text(CONFIG)
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "gates.toml").write_text(GATES)
    return tmp_path


def url_of(command: Running) -> str:
    command.prints(1)
    return str(json.loads(command.printed[0])["url"])


def test_it_says_where_it_serves_and_drains_on_sigterm(place: Path) -> None:
    with running("serve", "--port", 0, "--json", cwd=place) as command:
        url = url_of(command)
        assert url.startswith("http://127.0.0.1:")
        assert httpx.get(f"{url}/api/health/ready", trust_env=False, timeout=100).json() == {"status": "ok"}
        command.process.send_signal(signal.SIGTERM)
        ended = command.end()
    assert (ended.code, "whoever reaches this address" in ended.err) == (0, True)


def test_what_was_acknowledged_goes_on_after_kill_9(place: Path) -> None:
    with running("serve", "--port", 0, "--json", cwd=place) as command:
        url = url_of(command)
        made = httpx.post(f"{url}/api/job-definitions/gates/execute", trust_env=False, timeout=100)
        run_id = made.json()["job_id"]
        command.process.kill()
    (place / "open").touch()
    with running("serve", "--port", 0, "--json", cwd=place) as command:
        url = url_of(command)
        with httpx.stream(
            "GET", f"{url}/api/events", params={"after": "0"}, trust_env=False, timeout=100
        ) as events:
            for line in events.iter_lines():
                if (
                    line.startswith("data: ")
                    and '"state":"completed"' in line
                    and f'"subject":"{run_id}"' in line
                ):
                    break
        shown = httpx.get(f"{url}/api/jobs/{run_id}", trust_env=False, timeout=100).json()
        assert (shown["state"], shown["counts"]["completed"]) == ("completed", 3)


def test_an_address_that_others_reach_is_refused_without_a_token(place: Path) -> None:
    ended = quaero("serve", "--host", "0.0.0.0", "--port", 0, cwd=place)
    assert ended.code == 2
    assert "quaero token" in ended.err
    assert "Traceback" not in ended.err
    assert not (place / "quaero.db").exists()


def test_a_port_that_is_taken_is_named(place: Path) -> None:
    with running("serve", "--port", 0, "--json", cwd=place) as command:
        port = url_of(command).rpartition(":")[2]
        ended = quaero("serve", "--port", port, "--store", "other.db", cwd=place)
    assert ended.code == 2
    assert f"port {port}" in ended.err
    assert "Traceback" not in ended.err


def test_a_token_that_was_made_is_let_in_and_its_text_is_kept_nowhere(place: Path) -> None:
    made = quaero("token", "ops", "--role", "read", "--json", cwd=place).value
    text = quaero("token", "ops", cwd=place).out
    assert "[gateway.tokens.ops]" in text
    section = f'[gateway.tokens.ops]\nsha256 = "{made["sha256"]}"\nrole = "read"\n'
    (place / "quaero.toml").write_text(CONFIG + section)
    with running("serve", "--port", 0, "--json", cwd=place) as command:
        url = url_of(command)
        assert httpx.get(f"{url}/api/jobs", trust_env=False, timeout=100).status_code == 401
        headers = {"Authorization": f"Bearer {made['token']}"}
        assert httpx.get(f"{url}/api/jobs", headers=headers, trust_env=False, timeout=100).status_code == 200
        execute = httpx.post(
            f"{url}/api/job-definitions/gates/execute", headers=headers, trust_env=False, timeout=100
        )
        assert execute.status_code == 403
    assert not any(
        made["token"].encode() in file.read_bytes() for file in place.glob("quaero*") if file.is_file()
    )


def test_a_wrong_gateway_section_is_refused_with_its_line(place: Path) -> None:
    (place / "other.toml").write_text('[gateway]\nport = "http"\n[gateway.tokens.a]\nsha256 = "abc"\n')
    ended = quaero("check", "other.toml", cwd=place)
    assert ended.code == 2
    for line in (2, 4):
        assert f"other.toml:{line}" in ended.err + ended.out


def test_every_key_of_its_section_reaches_the_gateway(tmp_path: Path) -> None:
    file = tmp_path / "quaero.toml"
    file.write_text(
        '[gateway]\nhost = "::1"\nport = 1\nallowed_hosts = ["a"]\nallowed_origins = ["https://b"]\n'
        "secure_cookies = true\n"
        f'trusted_proxies = ["10.0.0.0/8", "::1"]\n[gateway.tokens.c]\nsha256 = "{"0" * 64}"\nrole = "read"\n'
    )
    assert settings_of(load_config(file)).gateway == GatewaySettings(
        host="::1",
        port=1,
        tokens=(Token("c", "0" * 64, Role.READ),),
        allowed_hosts=("a",),
        allowed_origins=("https://b",),
        secure_cookies=True,
        trusted_proxies=("10.0.0.0/8", "::1"),
    )
