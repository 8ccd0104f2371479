"""``[webhooks.NAME]``: what is wrong with one, each with its line."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from actors.webhooks.webhook import Level
from runtime.config import ConfigError, config_schema, load_config, settings_of
from runtime.webhook_settings import Configured, webhooks_of

SECRET = f"whsec_{'A' * 44}"


def read(tmp_path: Path, text: str, **variables: str) -> tuple[Configured, ...]:
    file = tmp_path / "quaero.toml"
    file.write_text(text)
    found, warnings = webhooks_of(settings_of(load_config(file, environment=variables)).webhooks)
    assert not warnings
    return found


def test_a_webhook_is_read_with_all_its_keys(tmp_path: Path) -> None:
    (made,) = read(
        tmp_path,
        f"""
        [webhooks.ops]
        url = "https://example.com/hook"
        secret = "{SECRET}"
        previous_secret = "{SECRET}"
        events = ["job_status_change"]
        definitions = ["docs"]
        runs = ["6h27178g80400"]
        level = "parents"
        enabled = false
        timeout_seconds = 5
        concurrency = 2
        """,
    )
    assert (made.webhook.name, made.webhook.url, made.enabled) == ("ops", "https://example.com/hook", False)
    assert (made.webhook.timeout_seconds, made.webhook.concurrency) == (5.0, 2)
    wish = made.webhook.wish
    assert (wish.types, wish.definitions, wish.level) == (("job_status_change",), ("docs",), Level.PARENTS)
    assert len(wish.runs) == 1
    assert [secret.reveal() for secret in made.secrets] == [SECRET, SECRET]
    assert SECRET not in repr(made)


def test_the_environment_gives_what_the_file_leaves_out(tmp_path: Path) -> None:
    (made,) = read(
        tmp_path, '[webhooks.ops]\nurl = "https://example.com"\n', QUAERO_WEBHOOKS__OPS__SECRET=SECRET
    )
    assert [secret.reveal() for secret in made.secrets] == [SECRET]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('url = "example.com"', "webhooks.ops.url must be an http or https URL, got 'example.com'"),
        ("url = 7", "webhooks.ops.url must be text"),
        ('secret = "hush"', "webhooks.ops.secret is not 'whsec_' and 24 to 64 bytes in base64"),
        ('secret_file = "nothing"', "webhooks.ops.secret_file: nothing can not be read"),
        ('level = "everything"', "webhooks.ops.level"),
        ("concurrency = 0", "webhooks.ops.concurrency"),
        ("timeout_seconds = 100", "webhooks.ops.timeout_seconds"),
        ('runs = ["x"]', "webhooks.ops.runs has an id that is none"),
        ('url = "http://localhost/"', "webhooks.ops.url leads to localhost, which is not on the internet"),
        ('url = "http://me:hush@example.com/"', "webhooks.ops.url has a user or password in it"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    good = {"url": '"https://example.com/hook"', "secret": f'"{SECRET}"'}
    good.pop(line.partition(" ")[0].removesuffix("_file"), None)
    table = "".join(f"{key} = {value}\n" for key, value in good.items())
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, f"[webhooks.ops]\n{table}{line}\n")
    texts = [str(each) for each in refused.value.diagnostics]
    assert any(f"quaero.toml:{2 + len(good)}: {said}" in text for text in texts), texts
    assert not any("hush" in text for text in texts)


def test_a_secret_that_is_missing_is_told_with_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"webhooks.ops.secret is missing; `quaero webhook secret` makes one"
    ):
        read(tmp_path, '[webhooks.ops]\nurl = "https://example.com"\n')


def test_a_name_that_can_be_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"quaero.toml:1: webhooks.a b name must be 1 to 64 letters"):
        read(tmp_path, f'[webhooks."a b"]\nurl = "https://example.com"\nsecret = "{SECRET}"\n')


def test_the_schema_of_the_configuration_knows_webhooks() -> None:
    schema = config_schema()
    good = {"webhooks": {"ops": {"url": "https://example.com", "secret": SECRET, "level": "runs"}}}
    validator = Draft202012Validator(schema)
    assert not list(validator.iter_errors(good))
    for wrong in ({"url": 7}, {"level": "runs"}, {"url": "https://example.com", "concurrency": 0}):
        assert list(validator.iter_errors({"webhooks": {"ops": wrong}})), wrong
