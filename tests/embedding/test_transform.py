"""Transform steps in a whole runtime: each HTML document gets a sibling, the original stays."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.documents import DocumentFilter, DocumentSpec
from actors.ids import parse_id
from actors.job import JobDefinition, Step
from actors.worker import JobContext, worker
from runtime import Runtime
from runtime.refusal import RefusedError
from runtime.run import Run
from runtime.settings import RuntimeSettings
from runtime.store.reading.jobs import JobFilter

WAIT = 100.0


class Given(msgspec.Struct, frozen=True):
    name: str
    body: str
    media_type: str = "text/html"
    tags: tuple[str, ...] = ()


@worker("keep")
def keep(payload: Given, context: JobContext) -> None:
    """Save a document."""
    context.save_document(
        DocumentSpec(
            "web",
            payload.name,
            f"http://x/{payload.name}",
            payload.name.upper(),
            payload.body,
            payload.tags,
            media_type=payload.media_type,
        )
    )


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    with Runtime(RuntimeSettings(store=tmp_path / "jobs.db"), workers=[keep]) as running:
        yield running


def transforming(**config: object) -> JobDefinition:
    return JobDefinition("t", "T", (Step("only", "transform", config),), tags=("made",))


def give(runtime: Runtime, *documents: Given) -> None:
    assert runtime.fan_out("keep", documents).wait(WAIT).state == "completed"


def jobs_of(runtime: Runtime, run: Run) -> list[dict[str, Any]]:
    return runtime.reader.jobs(JobFilter(run_id=run.number, kind="job"))


def made(runtime: Runtime) -> list[dict[str, Any]]:
    """The documents that transforms have made, whole."""
    listed = runtime.reader.documents(DocumentFilter(source_types=("transform",)))
    return [runtime.reader.document(parse_id(each["id"])) or {} for each in listed]


def test_each_html_document_gets_a_sibling_and_stays_as_it_is(runtime: Runtime) -> None:
    html = "<h1>Whales</h1><p>They <a href='dive'>dive</a>.</p>"
    give(runtime, Given("a", html, tags=("sea",)), Given("b", "# no HTML", "text/markdown"))
    run = runtime.submit(transforming(output_tags=["short"]))
    ended = run.wait(WAIT)
    assert (ended.state, ended.counts.total) == ("completed", 1)
    (document,) = made(runtime)
    assert document["body"] == "# Whales\n\nThey [dive](http://x/dive)."
    assert (document["media_type"], document["url"], document["title"]) == (
        "text/markdown",
        "http://x/a",
        "A",
    )
    assert document["tags"] == ["sea", "made", "short"]
    (original,) = runtime.reader.documents(DocumentFilter(media_types=("text/html",)))
    assert document["metadata"]["original"]["document_id"] == original["id"]
    assert document["metadata"]["original"]["source_id"] == "a"
    assert (runtime.reader.document(parse_id(original["id"])) or {})["body"] == html
    assert [each["id"] for each in runtime.reader.documents(DocumentFilter(run_id=run.number))] == [
        document["id"]
    ]


def test_html_is_found_only_by_its_transform(runtime: Runtime) -> None:
    give(runtime, Given("a", "<p>They sing.</p>"))
    runtime.submit(transforming()).wait(WAIT)
    runtime.submit(transforming(output_format="json")).wait(WAIT)
    runtime.close(fill_index=True)
    runtime.start()
    assert [each["source_type"] for each in runtime.reader.search("sing", DocumentFilter())] == ["transform"]


def test_a_body_that_begins_as_html_does_is_transformed_without_being_declared(runtime: Runtime) -> None:
    give(runtime, Given("a", "<!DOCTYPE html><p>x", ""), Given("b", "x < y", ""))
    assert runtime.submit(transforming()).wait(WAIT).counts.total == 1


def test_every_format_is_a_document_of_its_own(runtime: Runtime) -> None:
    give(runtime, Given("a", "<p>They sing.</p>"))
    for output_format in ("markdown", "text", "json", "text"):
        assert runtime.submit(transforming(output_format=output_format)).wait(WAIT).state == "completed"
    assert sorted(each["media_type"] for each in made(runtime)) == [
        "application/json",
        "text/markdown",
        "text/plain",
    ]


def test_a_transform_of_a_changed_original_updates_its_document(runtime: Runtime) -> None:
    give(runtime, Given("a", "<p>They sing.</p>"))
    runtime.submit(transforming()).wait(WAIT)
    give(runtime, Given("a", "<p>They dive.</p>"))
    runtime.submit(transforming()).wait(WAIT)
    (document,) = made(runtime)
    assert document["body"] == "They dive."


def test_the_filters_choose_and_more_than_a_page_is_transformed_once_each(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.manager.transform.DOCUMENTS_PER_PAGE", 10)
    give(
        runtime,
        *(Given(f"n{number}", f"<p>{number}</p>", tags=("odd",) * (number % 2)) for number in range(60)),
    )
    run = runtime.submit(transforming(filter_tags=["odd"]))
    assert run.wait(WAIT).counts.total == 30
    assert len({each["name"] for each in jobs_of(runtime, run)}) == 30
    assert runtime.submit(transforming(filter_limit=7)).wait(WAIT).counts.total == 7
    assert runtime.submit(transforming(filter_source_type="mail")).wait(WAIT).counts.total == 1  # it says so


def test_a_step_that_finds_nothing_says_so(runtime: Runtime) -> None:
    run = runtime.submit(transforming())
    assert run.wait(WAIT).state == "completed"
    assert "keep_html = true" in runtime.reader.logs(run.number)[0]["text"]
    assert made(runtime) == []


def test_html_with_a_fault_fails_only_where_it_is_to_be_valid(runtime: Runtime) -> None:
    give(runtime, Given("a", "<div>\n<b>x</div>"), Given("b", "<p>x</p>"))
    run = runtime.submit(transforming(validate_html=True))
    assert run.wait(WAIT).state == "completed_with_failures"
    (job,) = [each for each in jobs_of(runtime, run) if each["state"] == "failed"]
    assert (
        job["error"] == "the HTML of http://x/a is wrong at line 2, column 1: <b> is not closed before </div>"
    )
    assert job["attempt"] == 1
    assert runtime.submit(transforming()).wait(WAIT).state == "completed"


def test_a_base_url_of_the_step_goes_before_the_documents_own(runtime: Runtime) -> None:
    give(runtime, Given("a", "<p><a href='dive'>dive</a></p>"))
    runtime.submit(transforming(base_url="https://y.example/sub/")).wait(WAIT)
    assert made(runtime)[0]["body"] == "[dive](https://y.example/sub/dive)"


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"input_format": "pdf"}, "input_format"),
        ({"output_format": "docx"}, "output_format"),
        ({"base_url": "ftp://x"}, "base_url: must be an http or https address"),
        ({"filter_created_after": "soon"}, "filter_created_after: must be a date"),
        ({"filter_limit": -1}, "filter_limit: must be 0 or more"),
        ({"validate_html": "yes"}, "validate_html"),
    ],
)
def test_what_is_wrong_is_refused_at_the_submit(
    runtime: Runtime, config: dict[str, object], sentence: str
) -> None:
    with pytest.raises(RefusedError, match=sentence):
        runtime.submit(transforming(**config))
