"""The lock file pins every dependency by version and hash, and names no place to get it from."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
PINS = dict(re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", LOCK, re.MULTILINE))


def _wanted() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    return [Requirement(each) for group in (project["dependencies"], *extras) for each in group]


def test_every_dependency_is_pinned_within_its_range() -> None:
    outside = [
        str(wanted)
        for wanted in _wanted()
        if not wanted.specifier.contains(PINS.get(wanted.name.lower(), "0"))
    ]

    assert outside == [], "run make lock"


def test_every_dependency_has_a_range_with_an_end() -> None:
    assert all("<" in str(wanted.specifier) for wanted in _wanted())


def test_every_pin_has_hashes() -> None:
    entries = re.split(r"^(?=[a-z0-9-]+==)", LOCK, flags=re.MULTILINE)[1:]

    assert len(PINS) > 30
    assert all("--hash=sha256:" in entry for entry in entries)


def test_a_package_is_pinned_twice_only_for_different_versions_of_python() -> None:
    pins = re.findall(r"^([a-z0-9-]+)==[^ ]+ (.*)\\$", LOCK, re.MULTILINE)
    markers: dict[str, list[str]] = {}
    for name, marker in pins:
        markers.setdefault(name, []).append(marker.strip())

    several = [each for each in markers.values() if len(each) > 1]
    assert all(len(set(each)) == len(each) and all("python" in one for one in each) for each in several)


def test_the_lock_names_no_address_and_no_path() -> None:
    lines = [
        line for line in LOCK.splitlines() if re.search(r"://|index-url|find-links|^-e|@ |(^|\s)/", line)
    ]

    assert lines == []
