"""Settings of workers and managers of a service's own, from code, a file and the environment, in a whole runtime."""

from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from actors.job import JobDefinition, Page, Step, StepStart
from actors.manager import JobManager
from actors.settings import Secret, Settings
from actors.worker import JobContext, worker
from runtime import Runtime
from runtime.config import ConfigError
from runtime.embedding import RefusedError
from runtime.store.reading.jobs import JobFilter


class Greeting(msgspec.Struct, frozen=True):
    name: str


class MailSettings(msgspec.Struct, frozen=True):
    sender: str = "nobody"
    password: Secret = Secret()


class PostSettings(msgspec.Struct, frozen=True):
    names: tuple[str, ...] = ()


class PostConfig(msgspec.Struct, frozen=True):
    signed: bool = False


@worker("mail", settings_type=MailSettings)
def mail(payload: Greeting, context: JobContext) -> str:
    settings = context.settings(MailSettings)
    return f"{settings.sender} to {payload.name}, {len(settings.password.reveal())}"


class Post(JobManager):
    manager_type = "post"
    config_type = PostConfig
    settings_type: ClassVar[type[msgspec.Struct]] = PostSettings
    child_types = ("mail",)

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        settings = self.context.settings(PostSettings)
        sender = self.context.worker_settings("mail", MailSettings).sender
        return Page(tuple(self.child("mail", Greeting(f"{name} (of {sender})")) for name in settings.names))

    @classmethod
    def unmet(cls, step: Step, settings: Settings) -> list[tuple[str, str]]:
        if step.config.get("signed") and not settings.worker("mail", MailSettings).password:
            return [("signed", 'needs a password: set password = "…" in [workers.mail]')]
        return []


def jobs(runtime: Runtime) -> list[dict[str, Any]]:
    return runtime.reader.jobs(JobFilter(kind="job"))


def results(runtime: Runtime) -> list[str]:
    definition = JobDefinition("post", "Post", (Step("post", "post"),))
    with runtime:
        runtime.submit(definition).wait(100)
        return sorted(str(each["result"]) for each in jobs(runtime))


def test_settings_of_code_reach_the_worker_and_the_manager(tmp_path: Path) -> None:
    runtime = Runtime(
        store=tmp_path / "jobs.db",
        workers=[mail],
        managers=[Post],
        worker_settings={"mail": MailSettings("me", Secret("four"))},
        manager_settings={"post": {"names": ["a", "b"]}},
    )

    assert results(runtime) == ["me to a (of me), 4", "me to b (of me), 4"]


def test_settings_of_a_file_and_the_environment_reach_them_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "quaero.toml"
    file.write_text("[workers.mail]\nsender = 'file'\nzebra = 1\n[managers.post]\nnames = ['c']\n")
    monkeypatch.setenv("QUAERO_WORKERS__MAIL__PASSWORD", "seven77")
    runtime = Runtime(file, store=tmp_path / "jobs.db", workers=[mail], managers=[Post])

    assert results(runtime) == ["file to c (of file), 7"]
    assert f"{file}:3: unknown key workers.mail.zebra; it has no effect" in caplog.messages


def test_wrong_settings_are_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"workers\.mail\.sender must be text, got 3"):
        Runtime(store=tmp_path / "jobs.db", workers=[mail], worker_settings={"mail": {"sender": 3}})
    with pytest.raises(ConfigError, match='there is no manager "post"'):
        Runtime(store=tmp_path / "jobs.db", manager_settings={"post": {}})
    assert not (tmp_path / "jobs.db").exists()


def test_a_step_whose_manager_misses_a_setting_is_refused_with_what_to_set(tmp_path: Path) -> None:
    definition = JobDefinition("post", "Post", (Step("post", "post", {"signed": True}),))
    with Runtime(store=tmp_path / "jobs.db", workers=[mail], managers=[Post]) as runtime:
        with pytest.raises(RefusedError, match=r"signed: needs a password: set password"):
            runtime.submit(definition)
        assert not jobs(runtime)
