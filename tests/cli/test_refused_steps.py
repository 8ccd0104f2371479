"""What is wrong with the step of each action is told by ``quaero check`` with its line and what to write instead."""

from pathlib import Path

import pytest

from tests.cli.command import quaero

TOP = 'id = "{0}"\nname = "X"\n[step.s]\naction = "{1}"\n'
GOOD = {"crawl": 'start_urls = ["https://a.example/"]\n'}
"""Of each action, a step with which nothing is wrong; a wrong one has one line more, the sixth or a later one."""

REFUSED = {
    # action: the line that is wrong, the line's number, what is said of it
    "crawl": [
        ("max_depth = 'three'", 6, 'max_depth must be an integer, got "three"; write max_depth = 3'),
        ("max_depth = true", 6, "max_depth must be an integer, got true; write max_depth = 3"),
        ("max_depth = -1", 6, "max_depth: must be between 0 and 2147483647, got -1"),
        ("max_pages = 1.5", 6, "max_pages must be an integer, got 1.5; write max_pages = 3"),
        ("follow_links = 'yes'", 6, 'follow_links must be true or false, got "yes"; write follow_links = true'),
        ("exclude_patterns = 'x'", 6, 'must be a list of texts, got "x"; write exclude_patterns = ["x"]'),
        ("include_patterns = [\n  'a',\n  '(',\n]", 8, "include_patterns[1]: '(' is not a regular expression"),
        ("include_patterns = ['(?<=a)b']", 6, "the syntax is RE2's (no look-around, no back-references)"),
        ("base_url = 'ftp://a.example'", 6, "base_url: 'ftp://a.example' can not be crawled: write it as http"),
        ("rate_limit = inf", 6, "rate_limit must be an integer, got inf; write rate_limit = 3"),
        ("request_timeout_seconds = 0", 6, "request_timeout_seconds: must be more than 0"),
        ("entity_type = 'page'", 6, "'page' is no entity type: use one of all, issues, pages, projects, spaces"),
        ("max_page = 3", 6, "unknown key max_page; did you mean max_pages?"),
        ("[step.s.error_tolerance]\nfailure_action = 'stop'", 7, 'must be "stop_all", "continue" or "mark_warning"'),
    ],
}  # fmt: skip


@pytest.mark.parametrize("action", REFUSED)
def test_every_wrong_key_of_a_step_is_one_message_with_its_line(tmp_path: Path, action: str) -> None:
    directory = tmp_path / "definitions"
    directory.mkdir()
    for number, (wrong, _, _) in enumerate(REFUSED[action]):
        text = TOP.format(number, action) + GOOD[action] + wrong + "\n"
        (directory / f"{number:02}.toml").write_text(text)
    (tmp_path / "good.toml").write_text(TOP.format("good", action) + GOOD[action])

    good = quaero("check", "good.toml", cwd=tmp_path)
    done = quaero("check", "definitions", cwd=tmp_path)

    assert (good.code, good.err) == (0, "")
    assert (done.code, done.out) == (2, "")
    told = done.err.splitlines()
    assert [message.split(": ")[0] for message in told] == [
        f"definitions/{number:02}.toml:{line}" for number, (_, line, _) in enumerate(REFUSED[action])
    ]
    assert [
        words for (_, _, words), message in zip(REFUSED[action], told, strict=True) if words not in message
    ] == []
