import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from actors.settings import NoSettings, Secret
from runtime.config import ConfigError, config_schema, load_config, settings_of
from runtime.config.own import typed_settings


class Endpoint(msgspec.Struct, frozen=True):
    url: str = ""
    token: Secret = Secret()


class Mail(msgspec.Struct, frozen=True):
    host: str = "localhost"
    port: Annotated[int, Meta(ge=1, le=65535)] = 25
    secure: bool = False
    password: Secret = Secret()
    hook: Endpoint = Endpoint()


class Bucket(msgspec.Struct, frozen=True):
    bucket: str


Judge = Callable[..., tuple[Any, list[str]]]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """From a file's text and an environment to the settings of the worker "mail", and what is said of them."""
    file = tmp_path / "quaero.toml"

    def judged(text: str = "", **environment: str) -> tuple[Any, list[str]]:
        file.write_text(text)
        given = settings_of(load_config(file, environment=environment)).worker_settings
        try:
            found = typed_settings("workers", {"mail": Mail, "other": NoSettings}, given)
        except ConfigError as error:
            return None, [str(each).replace(str(file), "quaero.toml") for each in error.diagnostics]
        return found.values["mail"], [str(each).replace(str(file), "quaero.toml") for each in found.warnings]

    return judged


def test_keys_of_a_worker_that_are_no_options_fill_its_settings(judge: Judge) -> None:
    text = "[workers.mail]\nslots = 3\nhost = 'mx'\nport = 587.0\n[workers.mail.hook]\nurl = 'u'\n"

    assert judge(text) == (Mail("mx", 587, hook=Endpoint("u")), [])
    assert judge() == (Mail(), [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[workers.mail]\n\nport = 'smtp'",
            (
                "quaero.toml:3: workers.mail.port must be an integer of at least 1 and at most 65535,"
                ' got "smtp"; write port = 3'
            ),
        ),
        ("[workers.mail]\nhots = 'x'", "quaero.toml:2: unknown key workers.mail.hots; did you mean host?"),
        ("[workers.mail]\nslot = 2", "quaero.toml:2: unknown key workers.mail.slot; did you mean slots?"),
        (
            "[workers.mail.hook]\nurls = 'x'",
            "quaero.toml:2: unknown key workers.mail.hook.urls; did you mean url?",
        ),
        ("[workers.other]\nzebra = 1", "quaero.toml:2: unknown key workers.other.zebra; it has no effect"),
        ("[workers.mial]\nslots = 1", 'quaero.toml:1: there is no worker "mial"; did you mean "mail"?'),
    ],
)
def test_what_is_amiss_is_one_message_with_its_line(judge: Judge, text: str, message: str) -> None:
    assert judge(text)[1] == [message]


def test_the_environment_goes_before_the_file_and_is_read_as_the_settings_type(judge: Judge) -> None:
    text = "[workers.mail]\nport = 1\nhost = 'file'\n"
    environment = {
        "QUAERO_WORKERS__MAIL__PORT": "2525",
        "QUAERO_WORKERS__MAIL__SECURE": "yes",
        "QUAERO_WORKERS__MAIL__PASSWORD": "123",
        "QUAERO_WORKERS__MAIL__HOOK__TOKEN": "456",
    }

    assert judge(text, **environment) == (
        Mail("file", 2525, secure=True, password=Secret("123"), hook=Endpoint(token=Secret("456"))),
        [],
    )
    assert judge(QUAERO_WORKERS__MAIL__PORT="soon")[1] == [
        (
            "environment variable QUAERO_WORKERS__MAIL__PORT: workers.mail.port must be an integer of at least 1 and at"
            ' most 65535, got "soon"; set QUAERO_WORKERS__MAIL__PORT=3'
        )
    ]


def test_settings_of_a_manager_are_read_in_the_same_way(tmp_path: Path) -> None:
    file = tmp_path / "quaero.toml"
    file.write_text("[managers.post]\nport = 7\n")
    loaded = load_config(file, environment={"QUAERO_MANAGERS__POST__PASSWORD": "1"})

    found = typed_settings("managers", {"post": Mail}, settings_of(loaded).manager_settings)

    assert found.values == {"post": Mail(port=7, password=Secret("1"))}


def test_a_secret_may_be_given_as_the_path_of_its_file(judge: Judge, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("hunter2\n")

    assert judge(f"[workers.mail]\npassword_file = '{key}'")[0].password == Secret("hunter2")
    assert judge(QUAERO_WORKERS__MAIL__PASSWORD_FILE=str(key))[0].password == Secret("hunter2")
    assert judge(f"[workers.mail.hook]\ntoken_file = '{key}'")[0].hook.token == Secret("hunter2")


def test_of_a_secret_and_its_file_that_of_the_environment_holds_and_two_of_a_kind_are_refused(
    judge: Judge, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text("filed")
    said, filed = "[workers.mail]\npassword = 'said'\n", f"[workers.mail]\npassword_file = '{key}'\n"

    assert judge(said, QUAERO_WORKERS__MAIL__PASSWORD_FILE=str(key))[0].password.reveal() == "filed"
    assert judge(filed, QUAERO_WORKERS__MAIL__PASSWORD="variable")[0].password.reveal() == "variable"
    assert judge(said + f"password_file = '{key}'\n")[1] == [
        (
            "quaero.toml:3: workers.mail.password_file is given beside workers.mail.password;"
            " keep one of password and password_file"
        )
    ]


@pytest.mark.parametrize(
    ("content", "trouble"),
    [(None, "can not be read: No such file or directory"), (b" \n", "is empty"), (b"\xff", "is not text")],
)
def test_a_secrets_file_that_holds_none_is_refused(
    judge: Judge, tmp_path: Path, content: bytes | None, trouble: str
) -> None:
    key = tmp_path / "key"
    if content is not None:
        key.write_bytes(content)

    assert judge(f"[workers.mail]\npassword_file = '{key}'")[1] == [
        f"quaero.toml:2: workers.mail.password_file: {key} {trouble}; name a file that holds nothing else"
    ]


def test_a_secret_is_shown_nowhere(judge: Judge) -> None:
    found, said = judge("[workers.mail]\npassword = 'hunter2'\npasword = 'hunter2'\n")

    assert "hunter2" not in repr(found) + str(found) + "".join(said)
    assert found.password.reveal() == "hunter2"
    with pytest.raises(TypeError):
        msgspec.json.encode(found)
    assert found.password.hidden_in("the key hunter2 is wrong") == "the key … is wrong"
    assert judge("[workers.mail]\npassword = 31337")[1] == [
        'quaero.toml:2: workers.mail.password must be text; write password = "…"'
    ]


def test_settings_of_code_are_taken_as_they_are_or_judged_like_a_table() -> None:
    types = {"mail": Mail}
    made = Mail("code")

    assert typed_settings("workers", types, {"mail": made}).values["mail"] is made
    assert typed_settings("workers", types, {"mail": {"port": 3}}).values["mail"] == Mail(port=3)
    with pytest.raises(ConfigError, match=r"workers\.mail\.port must be an integer"):
        typed_settings("workers", types, {"mail": {"port": "x"}})
    with pytest.raises(ConfigError, match='there is no worker "mial"; did you mean "mail"'):
        typed_settings("workers", types, {"mial": {}})
    with pytest.raises(TypeError, match='settings of the worker "mail": they are a Mail, got a Bucket'):
        typed_settings("workers", types, {"mail": Bucket("b")})


def test_a_setting_that_must_be_given_is_missed() -> None:
    with pytest.raises(ConfigError, match=r'workers\.s3\.bucket is missing; add bucket = "…"'):
        typed_settings("workers", {"s3": Bucket}, {})


def test_the_schema_has_the_settings_of_each_worker_and_manager() -> None:
    schema = config_schema({"mail": Mail}, {"post": Bucket})

    assert schema["properties"]["workers"]["properties"]["mail"] == {
        "allOf": [{"$ref": "#/$defs/Worker"}, {"$ref": "#/$defs/Mail"}]
    }
    assert schema["properties"]["managers"]["properties"]["post"] == {"$ref": "#/$defs/Bucket"}
    assert schema["$defs"]["Mail"]["properties"]["password"]["format"] == "password"
    json.dumps(schema)
