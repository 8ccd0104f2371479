"""Agent steps in whole runtimes: which documents, what is left in them, and what is not."""

import itertools
from pathlib import Path

import msgspec
import pytest

from actors.agent import AgentInput, AnswerError, agent_type
from actors.job import Step
from actors.manager.agent import PAGE
from runtime import Runtime
from runtime.embedding import RefusedError
from runtime.store.reading.jobs import JobFilter
from tests.agent.language_model import KEY, LanguageModel, error, gemini_says, openai_says
from tests.agent.stage import WAIT, Kept, agent_definition, by, keep, metadata_of, running

ANSWER = '{"keywords": ["engine", "Ada Lovelace"]}'


class Sentiment(msgspec.Struct, frozen=True):
    label: str
    score: float = 0.0


@agent_type("sentiment")
def sentiment(given: AgentInput) -> Sentiment:
    """Say whether the document is positive or negative."""
    if "broken" in given.text:
        raise AnswerError("it is broken")
    return Sentiment("positive", float(given.options.get("score", 0.5)))


@agent_type("riddle", offline=False)
def riddle(given: AgentInput) -> Sentiment:
    """Make a riddle of the document."""
    raise NotImplementedError


def test_each_agent_leaves_its_output_in_the_metadata_of_every_document(tmp_path: Path) -> None:
    names = ("keyword_extractor", "content_summarizer", "entity_recognizer", "category_classifier")
    with running(tmp_path, Kept("a"), Kept("b")) as runtime:
        definition = msgspec.structs.replace(
            agent_definition(), steps=tuple(Step(name, "agent", {"agent_type": name}) for name in names)
        )
        run = runtime.submit(definition)
        ended = run.wait(WAIT)
        found = metadata_of(runtime)
        events = [each.type for each in runtime.events(0, run_id=run.number, timeout_seconds=0.0)]

    assert (ended.state, ended.counts.completed) == ("completed", 8)
    for metadata in found.values():
        assert set(metadata) == {"kept", *names}
        assert metadata["kept"] is True
        assert all(metadata[name]["engine"] for name in names)
    assert 5 <= len(found["a"]["keyword_extractor"]["keywords"]) <= 10
    assert found["a"]["keyword_extractor"]["engine"].startswith("yake ")
    assert "document_saved" not in events, "metadata is no new document"


def test_a_child_is_made_for_each_document_that_the_filters_let_through(tmp_path: Path) -> None:
    documents = [
        Kept("a", tags=("x", "y")),
        Kept("b", tags=("x",)),
        Kept("c", source_type="places", tags=("x", "y")),
        Kept("d", tags=("y", "x")),
        Kept("e", tags=("x", "y")),
    ]
    with running(tmp_path, *documents) as runtime:
        run = runtime.submit(
            agent_definition(filter_source_type="web", filter_tags=["x", "y"], filter_limit=2)
        )
        run.wait(WAIT)
        jobs = runtime.reader.jobs(JobFilter(kind="job", run_id=run.number))
        with_keywords = {
            name for name, metadata in metadata_of(runtime).items() if "keyword_extractor" in metadata
        }

    assert len(with_keywords) == len(jobs) == 2
    assert with_keywords <= {"a", "d", "e"}
    for job in jobs:
        assert job["name"] == f"Agent: keyword_extractor (document: {job['payload']['document_id']})"
        assert job["payload"]["title"].startswith("About ")
        assert job["result"]["output"]["keywords"]


def test_no_document_is_no_error(tmp_path: Path) -> None:
    with running(tmp_path) as runtime:
        ended = runtime.submit(agent_definition(filter_source_type="nothing")).wait(WAIT)

    assert (ended.state, ended.counts.total) == ("completed", 0)


def test_more_documents_than_a_page_holds_are_all_found(tmp_path: Path) -> None:
    count = PAGE + 1
    with running(tmp_path, *(Kept(str(number)) for number in range(count)), agents=[sentiment]) as runtime:
        ended = runtime.submit(agent_definition(agent_type="sentiment", options={"score": 0.9})).wait(WAIT)
        found = metadata_of(runtime)

    assert (ended.state, ended.counts.completed) == ("completed", count)
    assert all(metadata["sentiment"]["score"] == 0.9 for metadata in found.values())


def test_an_agent_type_of_ones_own_works_offline_and_by_a_model(tmp_path: Path) -> None:
    with (
        LanguageModel(lambda _: openai_says('{"label": "negative", "score": "0.25"}')) as model,
        running(tmp_path, Kept("a"), agents=[sentiment, riddle], **by(model)) as runtime,
    ):
        assert runtime.submit(agent_definition(agent_type="sentiment")).wait(WAIT).state == "completed"
        by_model = metadata_of(runtime)["a"]["sentiment"]
        told = model.asked[0].body["messages"][0]["content"]
    with running(tmp_path, agents=[sentiment, riddle]) as runtime:
        assert runtime.submit(agent_definition(agent_type="sentiment")).wait(WAIT).state == "completed"
        offline = metadata_of(runtime)["a"]["sentiment"]
        with pytest.raises(RefusedError, match="riddle needs a language model: set backend"):
            runtime.submit(agent_definition(agent_type="riddle"))

    assert by_model == {
        "label": "negative",
        "score": 0.25,
        "engine": "openai gpt-4o-mini-2024-07-18",
        "usage": {"input_tokens": 1000, "output_tokens": 200},
    }
    assert told.startswith("Say whether the document is positive or negative.")
    assert offline == {"label": "positive", "score": 0.5, "engine": f"{__name__}.sentiment"}


@pytest.mark.parametrize(("backend", "says"), [("openai", openai_says), ("gemini", gemini_says)])
def test_a_models_answer_its_tokens_and_their_cost_are_recorded_twice(
    tmp_path: Path, backend: str, says: object
) -> None:
    assert callable(says)
    with (
        LanguageModel(lambda _: says(ANSWER)) as model,
        running(tmp_path, Kept("a"), **by(model, backend, input_price=1, output_price=10)) as runtime,
    ):
        run = runtime.submit(agent_definition())
        assert run.wait(WAIT).state == "completed"
        (job,) = runtime.reader.jobs(JobFilter(kind="job", run_id=run.number))
        found = metadata_of(runtime)["a"]["keyword_extractor"]

    assert found["keywords"] == ["engine", "Ada Lovelace"]
    assert found["engine"].startswith(f"{backend} g")
    assert found["usage"] == {"input_tokens": 1000, "output_tokens": 200, "cost": 0.003}
    assert job["result"]["output"] == found


def test_what_passes_is_tried_again_until_it_has_passed(tmp_path: Path) -> None:
    script = [
        error(500, "oops"),
        openai_says("no JSON"),
        error(429, "slow down", retry_after="0"),
        openai_says(ANSWER),
    ]
    with (
        LanguageModel(lambda number: script[number]) as model,
        running(tmp_path, Kept("a"), **by(model)) as runtime,
    ):
        run = runtime.submit(msgspec.structs.replace(agent_definition(), steps=(quick_step(),)))
        assert run.wait(WAIT).state == "completed"
        (job,) = runtime.reader.jobs(JobFilter(kind="job", run_id=run.number))
        logs = [each["text"] for each in runtime.reader.logs(run.number)]

    assert job["attempt"] == 4
    assert any("an answer of no use took" in text and "1000" in text for text in logs)


def quick_step() -> Step:
    return Step("find", "agent", {"agent_type": "keyword_extractor"})


def test_what_does_not_pass_fails_at_once_and_leaves_no_mark(tmp_path: Path) -> None:
    with (
        LanguageModel(lambda _: error(403, f"the key {KEY} may not")) as model,
        running(tmp_path, Kept("a"), **by(model)) as runtime,
    ):
        run = runtime.submit(agent_definition())
        assert run.wait(WAIT).state == "failed"
        (job,) = runtime.reader.jobs(JobFilter(kind="job", run_id=run.number))
        assert metadata_of(runtime)["a"] == {"kept": True}
        assert len(model.asked) == job["attempt"] == 1

    assert job["error"].startswith("Agent execution failed: the language model at 127.0.0.1:")
    assert "answered 403: the key … may not; see that api_key" in job["error"]
    assert KEY.encode() not in (tmp_path / "quaero.db").read_bytes()


def test_a_document_without_text_or_without_keywords_fails_its_own_job_only(tmp_path: Path) -> None:
    documents = [Kept("blank", body=" \n"), Kept("empty", body="of the and"), Kept("good")]
    with running(tmp_path, *documents) as runtime:
        run = runtime.submit(agent_definition())
        ended = run.wait(WAIT)
        errors = sorted(
            job["error"]
            for job in runtime.reader.jobs(JobFilter(kind="job", run_id=run.number))
            if "error" in job
        )

    assert (ended.state, ended.counts.completed, ended.counts.failed) == ("completed_with_failures", 1, 2)
    assert errors[0].startswith("Agent execution failed: document ")
    assert errors[0].endswith(" has no text")
    assert errors[1] == "Agent execution failed: no keyword was found"


def test_jobs_that_ask_one_endpoint_start_apart(tmp_path: Path) -> None:
    with (
        LanguageModel(lambda _: openai_says(ANSWER)) as model,
        running(tmp_path, *map(Kept, "abc"), **by(model, requests_per_minute=300)) as runtime,
    ):
        run = runtime.submit(agent_definition())
        assert run.wait(WAIT).state == "completed"
        jobs = runtime.reader.jobs(JobFilter(kind="job", run_id=run.number))

    starts = sorted(job["started_at"] for job in jobs)
    assert all(later - earlier >= 195 for earlier, later in itertools.pairwise(starts)), starts


@pytest.mark.parametrize(
    ("settings", "config", "message"),
    [
        ({"backend": "gemini"}, {}, "api_key: the gemini back end needs a key: set api_key_file"),
        (
            {"backend": "openai", "api_key": "{openai_key}"},
            {},
            "needs a key, {openai_key} is filled by nothing: set api_key_file",
        ),
        ({"backend": "openai"}, {"api_key": "{a_key}"}, "needs a key, {a_key} is filled by nothing"),
        ({}, {"agent_type": "sentimnt"}, "there is no agent type 'sentimnt'; did you mean 'sentiment'"),
        (
            {},
            {"agent_type": "needy"},
            "needy needs nothing_of_that_name, which is not installed: pip install",
        ),
    ],
)
def test_what_is_missing_here_is_refused_at_the_door(
    tmp_path: Path, settings: dict[str, object], config: dict[str, object], message: str
) -> None:
    @agent_type("needy", needs=("nothing_of_that_name",))
    def needy(given: AgentInput) -> Sentiment:
        raise NotImplementedError

    with running(tmp_path, worker_settings={"agent": settings}, agents=[sentiment, needy]) as runtime:
        with pytest.raises(RefusedError) as refused:
            runtime.submit(agent_definition(**config))
        assert not runtime.reader.jobs(JobFilter())

    assert message in str(refused.value)


def test_a_placeholder_is_ignored_where_no_key_is_needed(tmp_path: Path) -> None:
    with running(tmp_path, Kept("a")) as runtime:
        assert runtime.submit(agent_definition(api_key="{google_key}")).wait(WAIT).state == "completed"


def test_what_is_no_agent_type_is_refused_when_the_runtime_is_made(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="is no agent type: decorate the function"):
        Runtime(store=tmp_path / "q.db", agents=[keep])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="two agent types are called 'sentiment'"):
        Runtime(store=tmp_path / "q.db", agents=[sentiment, agent_type("sentiment")(_other)])
    with pytest.raises(TypeError, match="annotate what it returns"):
        agent_type("mood")(lambda given: given)
    with pytest.raises(TypeError, match=r'write @agent_type\("sentiment"\)'):
        agent_type(_other)  # type: ignore[arg-type]


def _other(given: AgentInput) -> Sentiment:
    raise NotImplementedError
