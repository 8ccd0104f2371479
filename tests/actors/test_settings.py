import msgspec
import pytest

from actors.job import LeasedJob, Step
from actors.manager import ManagerContext
from actors.seams import ManualClock
from actors.settings import NoSettings, Secret, Settings
from actors.worker import JobContext, WorkerRegistry, worker


class Mail(msgspec.Struct, frozen=True):
    host: str = "localhost"


class Text(msgspec.Struct, frozen=True):
    text: str = ""


SETTINGS = Settings({"mail": Mail("mx"), "none": NoSettings()}, {"post": Mail("post")})


def context(job_type: str) -> JobContext:
    job = LeasedJob(1, 1, 2, 3, job_type, "{}", None, 1, 1, 1, 0)
    return JobContext(job, Step("s", "act"), (), ManualClock(), {"settings": SETTINGS}.__getitem__)


def test_a_job_sees_the_settings_of_its_worker_and_a_manager_its_own_and_those_of_workers() -> None:
    manager = ManagerContext(ManualClock(), {"settings": SETTINGS}.__getitem__, "post")

    assert context("mail").settings(Mail) == Mail("mx")
    assert (manager.settings(Mail), manager.worker_settings("mail", Mail)) == (Mail("post"), Mail("mx"))


def test_settings_asked_for_as_another_type_are_refused_with_what_to_write() -> None:
    with pytest.raises(TypeError, match="Mail is asked for, it has NoSettings; set settings_type = Mail"):
        context("none").settings(Mail)
    with pytest.raises(TypeError, match="it has none"):
        context("other").settings(Mail)


def test_a_type_that_can_not_be_one_of_settings_is_refused_when_its_worker_is_registered() -> None:
    class Slots(msgspec.Struct):
        slots: int = 1

    for settings_type, message in (
        (Slots, r"Slots\.slots is an option of every worker: rename it"),
        (dict, "settings_type must be a msgspec.Struct, got <class 'dict'>"),
    ):

        @worker("mail", settings_type=settings_type)  # type: ignore[arg-type]
        def mail(payload: Text, context: JobContext) -> None: ...

        with pytest.raises(TypeError, match=message):
            WorkerRegistry([mail])


def test_a_secret_is_false_when_it_is_empty_and_equal_to_its_like() -> None:
    assert not Secret()
    assert Secret("x")
    assert Secret("x") == Secret("x") != Secret("y")
    assert len({Secret("x"), Secret("x")}) == 1
    assert (repr(Secret("x")), repr(Secret())) == ("Secret(…)", "Secret()")
