"""The filter keys of steps that work on documents: what they mean, and what is wrong with them."""

import pytest

from actors.document_selection import DocumentSelection, TimeError, moment_ms, selection_problems
from actors.documents import DocumentFilter
from actors.ids import id_text
from actors.job import JobDefinition, Step, StepStart

NOW = 1_800_000_000_000


def start(*steps: Step) -> StepStart:
    """The start of the last of these steps, in run 7."""
    return StepStart(1, 7, 1, None, 1, steps[-1], JobDefinition("x", "X", steps))


def wanted(**keys: object) -> DocumentFilter:
    return DocumentSelection(**keys).wanted(start(Step("only", "agent")), NOW)  # type: ignore[arg-type]


def test_without_keys_all_documents_are_meant() -> None:
    assert wanted() == DocumentFilter()


def test_each_key_is_a_condition() -> None:
    assert wanted(
        filter_source_type="places", filter_tags=("a", "b"), filter_limit=5, filter_created_after="2026-01-31"
    ) == DocumentFilter(source_types=("places",), tags=("a", "b"), limit=5, created_after=1_769_817_600_000)


def test_crawler_stands_for_whatever_a_crawl_saves() -> None:
    assert "web" in wanted(filter_source_type="crawler").source_types


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("", None),
        ("2026-01-31", 1_769_817_600_000),
        ("2026-01-31T08:00:00Z", 1_769_846_400_000),
        ("2026-01-31 08:00:00+02:00", 1_769_839_200_000),
        ("7d", NOW - 7 * 86_400_000),
        (" 2 h ", NOW - 2 * 3_600_000),
    ],
)
def test_a_time_is_a_date_a_moment_or_an_age(text: str, moment: int | None) -> None:
    assert moment_ms(text, NOW) == moment


@pytest.mark.parametrize("text", ["yesterday", "31.01.2026", "2026-02-30", "7", "7y", "-1d"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(TimeError, match="a date, a time or an age"):
        moment_ms(text, NOW)


def test_wrong_keys_are_named() -> None:
    config = DocumentSelection(filter_limit=-1, filter_updated_after="soon", filter_run="mine")
    assert [key for key, _ in selection_problems(config)] == [
        "filter_limit",
        "filter_updated_after",
        "filter_run",
    ]
    assert list(selection_problems(DocumentSelection(filter_run=id_text(7)))) == []


def test_a_step_behind_one_that_saves_documents_is_about_those_of_its_run() -> None:
    crawl = Step("crawl", "crawl")
    index = Step("index", "reindex", depends=("crawl",))
    words = Step("words", "agent", depends=("index",))
    assert DocumentSelection().wanted(start(crawl, index, words), NOW).run_id == 7
    assert DocumentSelection(filter_run="any").wanted(start(crawl, index, words), NOW).run_id is None


def test_a_step_behind_steps_that_save_none_is_about_all_documents() -> None:
    index = Step("index", "reindex")
    words = Step("words", "agent", depends=("index",))
    assert DocumentSelection().wanted(start(index, words), NOW).run_id is None
    assert DocumentSelection(filter_run="this").wanted(start(index, words), NOW).run_id == 7
    assert DocumentSelection(filter_run=id_text(9)).wanted(start(index, words), NOW).run_id == 9
