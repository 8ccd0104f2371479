"""``quaero auth``: what it keeps, what it shows, what it refuses; a value is never shown."""

import json
import subprocess
from pathlib import Path

from tests.cli.command import command_line, quaero, surroundings

COOKIES = [
    {"name": "sid", "value": "s3cr3t-value", "domain": ".example.com", "secure": True, "expires": 4e9},
    {"name": "old", "value": "s3cr3t-old", "domain": "example.com", "expires": 1},
]


def added(directory: Path, *arguments: str, content: object = COOKIES) -> object:
    (directory / "cookies.json").write_text(json.dumps(content))
    return quaero("auth", "add", "cookies.json", "--json", *arguments, cwd=directory).value


def test_a_record_is_added_listed_shown_and_removed(tmp_path: Path) -> None:
    shown = added(tmp_path, "--id", "wiki")
    assert isinstance(shown, dict)
    assert shown.pop("changed") is False
    assert (shown["id"], shown["site"]) == ("wiki", "https://example.com")

    [listed] = quaero("auth", "list", "--json", cwd=tmp_path).value
    assert listed.keys() == {"id", "site", "created_at", "updated_at"}
    assert quaero("auth", "show", "wiki", "--json", cwd=tmp_path).value == shown
    text = quaero("auth", "show", "wiki", cwd=tmp_path)
    assert ".example.com" in text.out
    assert "s3cr3t" not in text.out + text.err
    assert quaero("auth", "remove", "wiki", "--json", cwd=tmp_path).value == {"id": "wiki", "changed": True}
    gone = quaero("auth", "remove", "wiki", cwd=tmp_path)
    assert (gone.code, "quaero auth list" in gone.err) == (2, True)


def test_a_record_may_come_on_stdin_and_what_is_not_sent_is_warned_of(tmp_path: Path) -> None:
    done = subprocess.run(
        command_line("auth", "add", "-"),
        input=json.dumps(COOKIES),
        cwd=tmp_path,
        env=surroundings(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "example.com for https://example.com is kept: 2 cookies" in done.stdout
    assert "1 of 2 cookies have expired and are not sent: old" in done.stderr
    assert "s3cr3t" not in done.stdout + done.stderr


def test_what_is_no_record_leaves_nothing_and_says_where_it_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "cookies.json").write_text(json.dumps([{**COOKIES[0], "value": 5}]))
    done = quaero("auth", "add", "cookies.json", cwd=tmp_path)

    assert done.code == 2
    assert done.err.startswith("cookies.json: cookies[0].value: must be a text, not a number")
    assert {each.name for each in tmp_path.iterdir()} == {"cookies.json"}


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    added(tmp_path, "--id", "wiki")
    key = tmp_path / "quaero.db.d" / "auth.key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o644)

    done = quaero("auth", "show", "wiki", cwd=tmp_path)
    assert done.code == 2
    assert f"`chmod 600 {Path('quaero.db.d/auth.key')}`" in done.err


def test_a_definition_with_an_unknown_record_is_refused_at_the_door(tmp_path: Path) -> None:
    (tmp_path / "crawl.toml").write_text(
        'id = "a"\nname = "A"\nauth_id = "wiki"\n[step.crawl]\naction = "crawl"\nstart_urls = ["http://h.io/"]\n'
    )
    done = quaero("run", "crawl.toml", cwd=tmp_path)

    assert done.code == 2
    assert "there is no auth record 'wiki': add it with `quaero auth add FILE --id wiki`" in done.err
    assert {each.name for each in tmp_path.iterdir()} == {"crawl.toml"}
