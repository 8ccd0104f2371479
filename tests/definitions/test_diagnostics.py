# ruff: noqa: E501 - a message is one line, and is best read as one
"""What a malformed definition is told: what, in which line, the value, what to do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.definitions import DefinitionError, load_definition, load_definition_text
from runtime.toml.diagnostic import Severity
from tests.definitions.actions import MANAGERS

TOP = 'id = "docs"\nname = "Docs"\n'
CRAWL = '[step.crawl]\naction = "crawl"\n'


def diagnostics_of(text: str) -> list[str]:
    try:
        found = load_definition_text(text, managers=MANAGERS, file="docs.toml")
    except DefinitionError as error:
        return [str(each) for each in error.diagnostics]
    return [str(each) for each in found.warnings + found.unrunnable]


CASES = [
    ("max_depth = 'three'", 'docs.toml:5: step "crawl": max_depth must be an integer of at least 0, got "three"; write max_depth = 3'),
    ("start_urls = [\n  'a',\n  5,\n]", 'docs.toml:7: step "crawl": start_urls[1] must be text, got 5; write "5"'),
    ("start_urls = 'a'", 'docs.toml:5: step "crawl": start_urls must be a list of texts, got "a"; write start_urls = ["a"]'),
    ("follow_links = 'yes'", 'docs.toml:5: step "crawl": follow_links must be true or false, got "yes"; write follow_links = true'),
    ("include_patterns = ['a',\n'(']", 'docs.toml:6: step "crawl": include_patterns[1]: is no regular expression: missing ), unterminated subpattern at position 0'),
    ("on_error = 'contnue'", 'docs.toml:5: step "crawl": on_error must be "continue", "fail" or "retry", got "contnue"; did you mean "continue"?'),
    ("timeout = '3 days'", 'docs.toml:5: step "crawl": timeout must be a duration like "30m" or "1h30m", or a number of seconds, got "3 days"; write "30m"'),
    ("max_pages = nan", 'docs.toml:5: step "crawl": max_pages must be an integer of at least 0, got nan; write max_pages = 3'),
    ("concurrency = 0", 'docs.toml:5: step "crawl": concurrency must be an integer of at least 1, got 0; write concurrency = 3'),
    ("depends = ['crwl']", 'docs.toml:5: step "crawl" depends on "crwl", which is no step of this file'),
    ("depends = [\n'crawl']", 'docs.toml:5: steps depend on each other in a circle: "crawl" → "crawl"; remove one of them'),
    ("config = 3", 'docs.toml:5: step "crawl": config must be a table, got 3; write the step\'s keys in the step itself'),
    ("config.max_depth = 'x'", 'docs.toml:5: step "crawl": max_depth must be an integer of at least 0, got "x"; write max_depth = 3'),
    ("config = { max_pages = 1,   max_depth = [] }", 'docs.toml:5: step "crawl": max_depth must be an integer of at least 0, got []; write max_depth = 3'),
    ("[step.crawl.error_tolerance]\nfailure_action = 'stop'", 'docs.toml:6: step "crawl": error_tolerance.failure_action must be "stop_all", "continue" or "mark_warning", got "stop"; did you mean "stop_all"?'),
    ("[error_tolerance]\n# why\nmax_child_failures = -1", "docs.toml:7: error_tolerance.max_child_failures must be an integer of at least 0, got -1; write max_child_failures = 3"),
    ("max_dept = 3", 'docs.toml:5: step "crawl": unknown key max_dept; did you mean max_depth?'),
    ("dependz = []", 'docs.toml:5: step "crawl": unknown key dependz; did you mean depends?'),
    ("zebra = 3", 'docs.toml:5: step "crawl": unknown key zebra; it has no effect'),
    ("[step.other]\naction = 'crawll'", 'docs.toml:6: step "other": no manager carries out "crawll"; did you mean "crawl"?'),
    ("[step.other]\ntype = 'zebra'", 'docs.toml:6: step "other": no manager carries out "zebra"; known are "agent", "crawl", "places_search" or "test_job_generator"'),
    ("[step.other]\nacton = 'crawl'", 'docs.toml:6: step "other": action is missing; write action where it says acton'),
    ("[step.other]\naction = ['crawl']", 'docs.toml:6: step "other": action must be the name of an action, got ["crawl"]; write action = "crawl"'),
    ("[step.keywords]\naction = 'agent'", 'docs.toml:5: step "keywords": agent_type is missing; add agent_type = "…"'),
    ("[step.near]\naction = 'places_search'\nsearch_query = 'x'\nlocation = 3", 'docs.toml:8: step "near": location must be a table, got 3'),
    ("[step.near]\naction = 'places_search'\nsearch_query = 'x'\n[step.near.location]\nlatitude = 'x'", 'docs.toml:9: step "near": location_latitude must be a number, got "x"; write location_latitude = 3'),
    ("[step.crawl]\n", 'docs.toml:5: step "crawl" is defined twice, the first time on line 3; rename or remove one'),
    ("[step.'a,b']\naction = 'crawl'", 'docs.toml:5: step "a,b": a step\'s name must not have a comma: depends lists names with commas; rename it'),
    ("[[steps]]\nname = 'x'", "docs.toml:5: the file has both [[steps]] and [step.…]; write all steps in one of the two ways"),
    ("type = 'crawler'", 'docs.toml:5: step "crawl": type has no effect beside action'),
    ("\ncondition = 'other.failed > 0'", "docs.toml:6: step \"crawl\": condition names 'other', which is no step; this step waits for no other"),
    ("condition = 'crawl.failed > 0'", "docs.toml:5: step \"crawl\": condition names 'crawl', the step itself; name steps before it"),
    ("condition = 3", 'docs.toml:5: step "crawl": condition must be text, got 3; write condition = "3"'),
    ("tags = 'x'\n", 'docs.toml:5: step "crawl": unknown key tags; it has no effect'),
]  # fmt: skip


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(("text", "message"), CASES)
def test_a_fault_in_a_step_is_one_message_with_the_line_of_its_key(
    text: str, message: str, line_end: str
) -> None:
    assert diagnostics_of(f"{TOP}{CRAWL}{text}\n".replace("\n", line_end)) == [message]


TOP_CASES = [
    ("tags = 'x'", 'docs.toml:3: tags must be a list of texts, got "x"; write tags = ["x"]'),
    ("tags = ['x', ['y']]", 'docs.toml:3: tags[1] must be text, got ["y"]; write "…"'),
    ("timeout = '-3m'", 'docs.toml:3: timeout must be a duration like "30m" or "1h30m", or a number of seconds, got "-3m"; write "30m"'),
    ("timeout = -3", 'docs.toml:3: timeout must be a duration between 0 and ten years, got -3; write "30m"'),
    ("schedule = '0 3 * *'", 'docs.toml:3: schedule must have five fields, got "0 3 * *"; write minute, hour, day, month, weekday, as in "0 3 * * *"'),
    ("time_zone = 'Europe/Berln'", 'docs.toml:3: time_zone "Europe/Berln" is no time zone of this host; did you mean "Europe/Berlin"?'),
    ("enabled = 1", "docs.toml:3: enabled must be true or false, got 1; write enabled = true"),
    ("pre_jobs = ['other',\n 'docs']", 'docs.toml:4: pre_jobs: "docs" is this definition itself; remove it'),
    ("timout = 3", "docs.toml:3: unknown key timout; did you mean timeout?"),
    ("error_tolerance = 3", "docs.toml:3: error_tolerance must be a table, got 3; write error_tolerance = { … }"),
    ("priority = 99999999999", "docs.toml:3: priority must be an integer of at least -1000000 and at most 1000000, got 99999999999; write priority = 3"),
    ("error_tolerance = { max_failure_ratio = 1.5 }", "docs.toml:3: error_tolerance.max_failure_ratio must be a number of at least 0 and at most 1, got 1.5; write max_failure_ratio = 0.5"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), TOP_CASES)
def test_a_fault_at_the_top_is_one_message_with_the_line_of_its_key(text: str, message: str) -> None:
    assert diagnostics_of(f"{TOP}{text}\n{CRAWL}") == [message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the definition has no steps"),
        ("steps = []", "the definition has no steps"),
        ("steps = 3", "steps must be a list of tables, got 3"),
        ("steps = ['crawl']", 'steps must be a list of tables, got ["crawl"]'),
        ("step = 3", "step must be a table of steps, got 3"),
        ("step = {}", "the definition has no steps"),
        ("[[step]]", "step must be a table of steps, got [a table of 0 keys]"),
        ("[step]\na = 3", 'step "a" must be a table, got 3'),
        ("[step.a.b]\nx = 1", 'step "a": action is missing'),
        ("[[steps]]\naction = 'crawl'", "step 1: name is missing"),
        ("[[steps]]\nname = 3\naction = 'crawl'", "step 1: name must be text, got 3"),
        ("[[steps]]\nname = 'x'\n", 'step "x": action is missing'),
        (
            "step = {" + ", ".join(f"s{number} = 1" for number in range(1001)) + "}",
            "1001 steps, more than 1000",
        ),
    ],
)
def test_steps_that_are_none_are_one_message(text: str, message: str) -> None:
    found = diagnostics_of(TOP + text + "\n")

    assert len(found) == 1
    assert message in found[0]
    assert found[0].startswith(("docs.toml:3:", "docs.toml:4:") if text else "docs.toml:1:")


def test_a_step_defined_twice_in_an_array_names_both_lines() -> None:
    step = '[[steps]]\nname = "a"\naction = "crawl"\n'

    assert diagnostics_of(TOP + step + "\n" + step) == [
        'docs.toml:8: step "a" is defined twice, the first time on line 4; rename or remove one'
    ]


@pytest.mark.parametrize("key", ["id", "name"])
def test_a_missing_id_or_name_is_named(key: str) -> None:
    text = "".join(line for line in TOP.splitlines(keepends=True) if not line.startswith(key)) + CRAWL

    assert diagnostics_of(text) == [f'docs.toml:1: {key} is missing; add {key} = "…"']


@pytest.mark.parametrize("value", ["''", "3", '"a\\nb"', '"' + "x" * 300 + '"'])
def test_an_id_that_is_none_is_one_message(value: str) -> None:
    (message,) = diagnostics_of(f"id = {value}\nname = 'x'\n{CRAWL}")

    assert message.startswith("docs.toml:1: id must ")


def test_a_circle_of_steps_is_shown_as_a_way() -> None:
    steps = "".join(
        f'[step.{name}]\naction = "crawl"\ndepends = ["{other}"]\n'
        for name, other in zip("abcd", "bcaa", strict=True)
    )

    assert diagnostics_of(TOP + steps) == [
        'docs.toml:5: steps depend on each other in a circle: "a" → "b" → "c" → "a"; remove one of them'
    ]


def test_all_faults_are_told_errors_first_in_the_order_of_lines() -> None:
    with pytest.raises(DefinitionError) as refused:
        load_definition_text(
            f"{TOP}zebra = 3\n{CRAWL}max_depth = 'x'\nmax_pages = 'y'\non_error = 3\n",
            managers=MANAGERS,
            file="docs.toml",
        )

    found = refused.value.diagnostics
    assert [(each.severity, each.line, each.key_path) for each in found] == [
        (Severity.ERROR, 6, "step.crawl.max_depth"),
        (Severity.ERROR, 7, "step.crawl.max_pages"),
        (Severity.ERROR, 8, "step.crawl.on_error"),
        (Severity.WARNING, 3, "zebra"),
    ]
    assert found[0].value == '"x"'
    assert str(refused.value) == str(found[0])


def test_a_file_that_is_not_there_is_a_definition_error() -> None:
    with pytest.raises(DefinitionError, match=r"absent\.toml: there is no such file"):
        load_definition("absent.toml", managers=MANAGERS)


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("max_dept = 3", Severity.ERROR),
        ("Max-Depth = 3", Severity.ERROR),
        ("dependz = []", Severity.ERROR),
        ("depth = 3", Severity.WARNING),
        ("zebra = 3", Severity.WARNING),
    ],
)
def test_an_unknown_key_is_refused_if_it_is_a_slip_of_the_pen_and_else_warned_of(
    text: str, severity: Severity
) -> None:
    """An author counts on the key that was meant; a key of another system is no reason to refuse a real file."""
    try:
        found = load_definition_text(f"{TOP}{CRAWL}{text}\n", managers=MANAGERS).warnings
    except DefinitionError as error:
        found = error.diagnostics

    assert [(each.severity, each.line) for each in found] == [(severity, 5)]


def test_keys_that_mean_something_with_another_key_alone_are_warned_of() -> None:
    assert diagnostics_of(f"{TOP}{CRAWL}initial_backoff = '2s'\n") == [
        'docs.toml:5: step "crawl": initial_backoff has no effect without on_error = "retry"'
    ]
    assert diagnostics_of(f"{TOP}{CRAWL}always_run = true\n") == [
        'docs.toml:5: step "crawl": always_run has no effect; write on_error = "continue" in the steps before it'
    ]


PIECES = st.sampled_from(
    [
        *(text for text, _ in CASES),
        *(text for text, _ in TOP_CASES),
        "[step.a]",
        "action = 'crawl'",
        "[[steps]]",
        "x=1",
    ]
)


@given(st.lists(PIECES, max_size=8).map("\n".join), st.booleans())
def test_any_mixture_of_faults_is_a_definition_or_a_definition_error(text: str, headed: bool) -> None:
    found = diagnostics_of((TOP if headed else "") + text)

    assert all("\n" not in each for each in found)
