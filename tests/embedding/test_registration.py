"""What a runtime refuses before it starts: managers and workers that do not go together."""

from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from actors.job import JobDefinition, Page, Step, StepStart
from actors.manager import JobManager
from actors.manager.registry import DuplicateManagerError
from actors.worker import JobContext, worker
from actors.worker.registry import DuplicateWorkerError
from runtime import Runtime
from runtime.definitions import DefinitionError
from runtime.registration import MissingWorkerError
from runtime.settings import RuntimeSettings


class Picture(msgspec.Struct, frozen=True):
    path: str


@worker("resize")
def resize(payload: Picture, context: JobContext) -> None:
    """Nothing."""


@worker("resize")
def resize_again(payload: Picture, context: JobContext) -> None:
    """Nothing."""


class Pictures(msgspec.Struct, frozen=True):
    folder: str = ""


class PicturesManager(JobManager):
    manager_type = "pictures"
    config_type = Pictures
    child_types = ("resize",)

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        return Page()


class Astray(PicturesManager):
    manager_type = "astray"
    child_types = ("resise",)


class Nowhere(PicturesManager):
    child_types = ("xyzzy",)


class Rival(PicturesManager):
    pass


def test_what_goes_together_starts_and_may_be_named_twice(tmp_path: Path) -> None:
    with Runtime(
        store=tmp_path / "jobs.db", workers=[resize, resize], managers=[PicturesManager, PicturesManager]
    ):
        pass


def test_a_manager_whose_jobs_nobody_does_is_refused_with_the_nearest_type(tmp_path: Path) -> None:
    with pytest.raises(
        MissingWorkerError, match=r'action "astray" \(.*Astray\) .* type "resise".*did you mean "resize"'
    ):
        Runtime(store=tmp_path / "jobs.db", workers=[resize], managers=[Astray])
    with pytest.raises(
        MissingWorkerError, match=r'type "xyzzy", which no worker does; there are .*"crawler_url"'
    ):
        Runtime(store=tmp_path / "jobs.db", managers=[Nowhere])


def test_two_of_one_name_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DuplicateWorkerError, match="two workers have the type 'resize'"):
        Runtime(store=tmp_path / "jobs.db", workers=[resize, resize_again])
    with pytest.raises(DuplicateManagerError, match=r"'pictures': .*PicturesManager and .*Rival; rename one"):
        Runtime(store=tmp_path / "jobs.db", workers=[resize], managers=[PicturesManager, Rival])


class NoName(PicturesManager):
    manager_type: ClassVar[Any] = ""


class NoStruct(PicturesManager):
    manager_type = "no-struct"
    config_type: ClassVar[Any] = dict


class NoTuple(PicturesManager):
    manager_type = "no-tuple"
    child_types: ClassVar[Any] = "resize"


class NoPlace(PicturesManager):
    manager_type = "no-place"
    dispatcher = "gpu"


class NoChildren(JobManager):
    manager_type = "no-children"
    config_type = Pictures


class NoType(JobManager):
    config_type = Pictures


@pytest.mark.parametrize(
    ("manager", "message"),
    [
        (NoName, "manager_type must be the name of an action, got ''"),
        (NoStruct, "config_type must be a msgspec.Struct"),
        (NoTuple, r"child_types is a tuple: write \('resize',\)"),
        (NoPlace, "has dispatcher 'gpu'; there are"),
        (NoChildren, "has no create_children: write it"),
        (NoType, "has no manager_type: set it in the class"),
        (Pictures, "is not a manager: write a subclass of JobManager"),
        (PicturesManager(None), "is not a manager: give the class itself"),  # type: ignore[arg-type]
    ],
)
def test_a_manager_that_is_not_whole_is_refused(tmp_path: Path, manager: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        Runtime(store=tmp_path / "jobs.db", workers=[resize], managers=[manager])


def test_a_known_definition_whose_action_nobody_carries_out_keeps_the_runtime_from_starting(
    tmp_path: Path,
) -> None:
    wrong = JobDefinition("album", "Album", (Step("all", "picturs"),))
    asleep = JobDefinition("asleep", "Asleep", (Step("all", "nothing"),), enabled=False)

    def runtime(*definitions: JobDefinition, **settings: Any) -> Runtime:
        given = RuntimeSettings(store=tmp_path / "jobs.db", **settings)
        return Runtime(given, workers=[resize], managers=[PicturesManager], definitions=definitions)

    with pytest.raises(
        DefinitionError,
        match='definition "album": step "all": no manager carries out "picturs"; did you mean "pictures"',
    ):
        runtime(wrong).start()
    assert not list(tmp_path.iterdir())
    with runtime(asleep), runtime(wrong, allow_unknown_actions=True):
        pass
