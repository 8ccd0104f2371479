"""Which browser is taken, and what is said where there is none."""

from pathlib import Path

import pytest

from actors.worker.crawler.browser.chromium import NoBrowserError, executable


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only directory of commands."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def put(directory: Path, name: str) -> str:
    file = directory / name
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return str(file)


def test_the_systems_browsers_are_looked_for_in_their_order(directory: Path) -> None:
    chrome = put(directory, "google-chrome")
    assert executable("") == chrome
    chromium = put(directory, "chromium")
    assert executable("") == chromium


def test_the_configured_one_goes_before_them(directory: Path) -> None:
    put(directory, "chromium")
    own = put(directory, "own")

    assert executable(own) == own


def test_where_there_is_none_it_is_said_what_to_do(directory: Path) -> None:
    with pytest.raises(NoBrowserError, match=r"apt-get install chromium.* or set .* browser_path"):
        executable("")
    with pytest.raises(NoBrowserError, match=r"browser_path = '/nowhere' is no executable file"):
        executable("/nowhere")
    (directory / "plain").write_text("")
    with pytest.raises(NoBrowserError):
        executable(str(directory / "plain"))
