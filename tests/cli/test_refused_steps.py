"""What is wrong with the step of each action is told by ``quaero check`` with its line and what to write instead."""

from pathlib import Path

import pytest

from tests.cli.command import quaero

TOP = 'id = "{0}"\nname = "X"\n[step.s]\naction = "{1}"\n'
KEY = {"QUAERO_WORKERS__PLACES_SEARCH__API_KEY": "k"}
GOOD = {
    "agent": "agent_type = 'keyword_extractor'\n",
    "crawl": 'start_urls = ["https://a.example/"]\n',
    "database_maintenance": "\n",
    "places_search": "search_query = 'restaurants'\n",
    "reindex": "\n",
    "test_job_generator": "\n",
    "transform": "\n",
}
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
        ("render = 'brwser'", 6, 'render must be "browser" or "none", got "brwser"; did you mean "browser"?'),
        ("[step.s.error_tolerance]\nfailure_action = 'stop'", 7, 'must be "stop_all", "continue" or "mark_warning"'),
    ],
    "database_maintenance": [
        ("operations = ['vacum']", 6, 'operations[0] must be "vacuum", "analyze", "reindex", "optimize"'),
        ("operations = ['vacum']", 6, 'got "vacum"; did you mean "vacuum"?'),
        ("operations = 'vacuum'", 6, 'got "vacuum"; write operations = ["vacuum"]'),
        ("operations = [\n  'vacuum',\n  'vacuum',\n]", 8, "operations[1]: 'vacuum' is named twice"),
        ("operation = ['vacuum']", 6, "unknown key operation; did you mean operations?"),
        ("backup_path = 3", 6, 'backup_path must be text, got 3; write backup_path = "3"'),
    ],
    "agent": [
        ("agent_typ = 'x'", 6, "unknown key agent_typ; did you mean agent_type?"),
        ("max_keywords = 'ten'", 6, "max_keywords: must be a number, got 'ten'; write max_keywords = 10"),
        ("filter_limit = -1", 6, "filter_limit: must be 0 or more, got -1"),
        ("filter_tag = ['x']", 6, "unknown key filter_tag; did you mean filter_tags?"),
        ("filter_created_after = 'soon'", 6, "filter_created_after: must be a date, a time or an age"),
        ("filter_tags = 'x'", 6, 'got "x"; write filter_tags = ["x"]'),
    ],
    "places_search": [
        ("search_type = 'nearby'", 6, 'got "nearby"; did you mean "nearby_search"?'),
        ("location_latitude = 'x'", 6, 'location_latitude must be a number, got "x"; write location_latitude = 3'),
        ("[step.s.location]\nlatitude = 'x'", 7, "latitude must be a number"),
        ("max_result = 3", 6, "unknown key max_result; did you mean max_results?"),
        ("filter_min_rating = 9", 6, "filter_min_rating: must be from 0 to 5, got 9"),
    ],
    "reindex": [
        ("dry_run = 'yes'", 6, 'dry_run must be true or false, got "yes"; write dry_run = true'),
        ("dryrun = true", 6, "unknown key dryrun; did you mean dry_run?"),
    ],
    "test_job_generator": [
        ("failure_rate = 1.5", 6, "failure_rate: must be between 0 and 1, got 1.5"),
        ("worker_count = -1", 6, "worker_count: must be between 0 and 2147483647, got -1"),
        ("log_count = 'many'", 6, 'log_count must be an integer, got "many"; write log_count = 3'),
        ("worker_cout = 3", 6, "unknown key worker_cout; did you mean worker_count?"),
    ],
    "transform": [
        ("output_format = 'markdwn'", 6, 'or "json", got "markdwn"; did you mean "markdown"?'),
        ("input_format = 'pdf'", 6, 'input_format must be "html", got "pdf"'),
        ("filter_limit = -1", 6, "filter_limit: must be 0 or more, got -1"),
        ("filter_created_after = 'soon'", 6, "filter_created_after: must be a date, a time or an age"),
        ("output_formt = 'text'", 6, "unknown key output_formt; did you mean output_format?"),
        ("base_url = 'ftp://a.example'", 6, "base_url: must be an http or https address"),
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

    good = quaero("check", "good.toml", cwd=tmp_path, **KEY)
    done = quaero("check", "definitions", cwd=tmp_path, **KEY)

    assert (good.code, good.err) == (0, "")
    assert (done.code, done.out) == (2, "")
    told = done.err.splitlines()
    assert [message.split(": ")[0] for message in told] == [
        f"definitions/{number:02}.toml:{line}" for number, (_, line, _) in enumerate(REFUSED[action])
    ]
    assert [
        words for (_, _, words), message in zip(REFUSED[action], told, strict=True) if words not in message
    ] == []


def test_a_missing_key_is_told_with_what_to_set_and_the_definition_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "near.toml").write_text(TOP.format("near", "places_search") + GOOD["places_search"])

    for command in ("check", "run"):
        done = quaero(command, "near.toml", cwd=tmp_path)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith('near.toml:3: step "s": api_key: Google Places needs a key')
        assert "QUAERO_WORKERS__PLACES_SEARCH__API_KEY" in done.err
    assert not (tmp_path / "quaero.db").exists()
