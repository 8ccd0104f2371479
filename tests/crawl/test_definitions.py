"""Definitions given to the real command: real ones of others, malformed ones, and crawls that must not be."""

from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest

from tests.cli.command import Ended, quaero
from tests.crawl.crawls import define, rows
from tests.crawl.generated import tree
from tests.crawl.site import Site
from tests.machine import slowness

FILES = Path(__file__).parents[1] / "definitions" / "files"
REFUSAL_SECONDS = 2.0
"""Of computing: how long others keep the processor from it is no fault of the command."""


def computed() -> float:
    """Seconds that the commands of this test have computed so far."""
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


REAL = {
    "43db400/keyword-extractor-agent.toml": (),
    "43db400/my-custom-crawler.toml": (),
    "43db400/nearby-restaurants-places.toml": (24,),
    "43db400/news-crawler.toml": (),
    "8eb228d/confluence-crawler.toml": (),
    "8eb228d/cron-scheduler-test.toml": (),
    "8eb228d/nearby-restaurants-keywords.toml": (14,),
    "8eb228d/test_job_generator.toml": (),
}
"""The files of the reference system, and the lines of their steps that need a key of Google's."""
KEY = {"QUAERO_WORKERS__PLACES_SEARCH__API_KEY": "k"}

TOP = 'id = "docs"\nname = "Docs"\n'
STEP = '[step.crawl]\naction = "crawl"\nstart_urls = ["http://127.0.0.1:9/"]\n'
MALFORMED = {
    # what is wrong: the text, the line of the offending key, a word of the message
    "no TOML": (f"{TOP}{STEP}max_depth = = 3\n", 6, ""),
    "an unclosed text": (f'{TOP}[step.crawl]\naction = "crawl\n', 4, ""),
    "a key twice": (f"{TOP}{STEP}max_depth = 1\nmax_depth = 2\n", 7, ""),
    "a number as text": (f"{TOP}{STEP}max_depth = 'three'\n", 6, "max_depth"),
    "an element of an array": (
        f"{TOP}{STEP}exclude_patterns = [\n  'a',\n  5,\n]\n",
        8,
        "exclude_patterns[1]",
    ),
    "a pattern in an array": (
        f"{TOP}{STEP}include_patterns = [\n  'a',\n  # why\n  '(',\n]\n",
        9,
        "include_patterns[1]",
    ),
    "a sub-table": (
        f"{TOP}{STEP}[step.crawl.error_tolerance]\n\nfailure_action = 'stop'\n",
        8,
        "failure_action",
    ),
    "an inline table": (
        f"{TOP}error_tolerance = {{ max_failure_ratio = 1.5 }}\n{STEP}",
        3,
        "max_failure_ratio",
    ),
    "an array of steps": (
        f"{TOP}[[steps]]\nname = 'a'\naction = 'crawl'\n[steps.config]\nmax_pages = -1\n",
        7,
        "max_pages",
    ),
    "a URL of another kind": (
        f"{TOP}[step.crawl]\naction = 'crawl'\nstart_urls = ['ftp://host/']\n",
        5,
        "start_urls[0]",
    ),
    "an unknown action": (f"{TOP}[step.crawl]\naction = 'crwal'\n", 4, 'did you mean "crawl"'),
    "an unknown step": (f"{TOP}{STEP}depends = ['fetch']\n", 6, "fetch"),
    "a circle": (f"{TOP}{STEP}depends = ['crawl']\n", 6, "circle"),
    "a duration": (f"timeout = '3 days'\n{TOP}{STEP}", 1, "timeout"),
    "a schedule": (f"{TOP}schedule = '0 3 * *'\n{STEP}", 3, "schedule"),
    "no steps": (TOP, 1, "no steps"),
    "no name": (f'id = "docs"\n{STEP}', 1, "name"),
    "deep nesting": (f"{TOP}{STEP}x = {'[' * 5000}{']' * 5000}\n", 6, ""),
    "a NUL": (f"{TOP}{STEP}x = '\0'\n", 6, ""),
}
MANY_LINES = {
    "an element of an array",
    "a pattern in an array",
    "a sub-table",
    "an array of steps",
    "no TOML",
}
"""Those of which the line is counted over lines of all kinds; they are told the same with other line ends."""


def assert_refused(done: Ended, directory: Path, *, lines: tuple[int, ...], file: str) -> None:
    """Exit 2, one line of stderr for each fault with its line in the file, and nothing made."""
    told = done.err.splitlines()
    assert (done.code, done.out) == (2, ""), done.err
    assert [message.split(": ")[0] for message in told] == [f"{file}:{line}" for line in lines]
    assert all(len(message) > len(file) + 10 for message in told)
    assert not list(directory.glob("quaero.db*"))


def test_real_definitions_are_ok_or_told_where_a_key_is_missing(tmp_path: Path) -> None:
    """One command for the whole tree: every action of theirs is carried out."""
    done = quaero("check", FILES, cwd=tmp_path)
    assert done.code == 2
    good = [line.split(": ")[0] for line in done.out.splitlines()]
    assert good == [str(FILES / name) for name, lines in REAL.items() if not lines]
    faults = [line.split(": ") for line in done.err.splitlines() if not line.startswith("warning: ")]
    assert [fault[0] for fault in faults] == [
        f"{FILES / name}:{line}" for name in REAL for line in REAL[name]
    ]
    assert all(fault[2].startswith("api_key") for fault in faults)
    with_key = quaero("check", FILES, cwd=tmp_path, **KEY)
    assert (with_key.code, with_key.out.count(": ok")) == (0, len(REAL))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", [name for name, lines in REAL.items() if not lines and "confluence" not in name]
)
def test_a_real_definition_that_is_ok_exits_0(tmp_path: Path, name: str) -> None:
    done = quaero("check", FILES / name, cwd=tmp_path)
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize("name", [name for name, lines in REAL.items() if lines])
def test_a_real_definition_that_lacks_a_key_is_not_run(tmp_path: Path, name: str) -> None:
    file = FILES / name
    assert_refused(quaero("run", file, cwd=tmp_path), tmp_path, lines=REAL[name], file=str(file))


def test_a_real_definition_without_a_url_is_ok_and_not_run(tmp_path: Path) -> None:
    """Its URL comes from a browser extension; a file that can be loaded is none that can be run."""
    file = FILES / "8eb228d" / "confluence-crawler.toml"
    checked = quaero("check", file, cwd=tmp_path)
    assert (checked.code, checked.out) == (0, f"{file}: job definition confluence-crawler, 1 step: ok\n")
    assert f'warning: {file}:21: step "crawl": there is no URL to begin with' in checked.err
    done = quaero("run", file, cwd=tmp_path)
    assert_refused(done, tmp_path, lines=(21,), file=str(file))
    assert "add start_urls" in done.err


@pytest.mark.parametrize(
    ("what", "line_end"),
    [(what, "\n") for what in MALFORMED] + [(what, "\r\n") for what in MALFORMED if what in MANY_LINES],
    ids=lambda value: {"\n": "LF", "\r\n": "CRLF"}.get(value, value),
)
def test_a_malformed_definition_is_one_message_with_the_line_of_its_fault(
    tmp_path: Path, what: str, line_end: str
) -> None:
    text, line, words = MALFORMED[what]
    (tmp_path / "docs.toml").write_bytes(text.replace("\n", line_end).encode())
    began = computed()
    done = quaero("run", "docs.toml", cwd=tmp_path)
    seconds = computed() - began
    assert_refused(done, tmp_path, lines=(line,), file="docs.toml")
    assert words in done.err
    assert seconds < REFUSAL_SECONDS * slowness()


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b'id = "\xc3("\n', b"\x00" * 100, b"a." * 100_000 + b"b = 1\n"]
)
def test_bytes_that_are_no_definition_are_one_message(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "docs.toml").write_bytes(content)
    began = computed()
    done = quaero("run", "docs.toml", cwd=tmp_path)
    assert computed() - began < REFUSAL_SECONDS * slowness()
    assert_refused(done, tmp_path, lines=(1,), file="docs.toml")


def test_a_definition_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    done = quaero("run", "none.toml", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert done.err.startswith("none.toml: ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "127.1"])
def test_private_addresses_are_refused_unless_they_are_allowed(tmp_path: Path, host: str) -> None:
    """No request is made; the run fails with a sentence that says what to add."""
    with Site(tree(width=1, depth=1)) as site:
        url = site.origin.replace("127.0.0.1", host)
        done = quaero("run", define(tmp_path, f"{url}/", allow=False), "--json", cwd=tmp_path)
        assert site.requests == []
    if host == "127.1":
        # Spelled as nobody spells an address: not a URL at all.
        assert_refused(Ended(done.code, "", done.err), tmp_path, lines=(6,), file="crawl.toml")
        return
    assert done.code == 1, done.err
    assert done.value["state"] == "failed"
    assert any("allow_private_addresses = true" in error for error in done.value["errors"]), done.value
    assert rows(tmp_path, "SELECT attempt, state FROM job WHERE kind = 'job'") == [(1, "failed")]
    assert "Traceback" not in done.err
