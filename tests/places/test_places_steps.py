"""Searches for places in whole runtimes and by the command: one document a step, calls apart, kills without a trace."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from actors.documents import DocumentFilter
from actors.ids import parse_id
from actors.job import JobDefinition, Step
from runtime import Runtime
from runtime.embedding import RefusedError
from runtime.settings import RuntimeSettings
from runtime.store.reading.jobs import JobFilter
from tests.cli.command import command_line, quaero, surroundings
from tests.embedding.processes import sql
from tests.misbehaving_service import Reply
from tests.places.places_api import KEY, PlacesApi, Spot, spots

WAIT = 100.0
FILES = Path(__file__).parents[1] / "definitions" / "files"


@contextmanager
def running(directory: Path, api: PlacesApi, **settings: Any) -> Iterator[Runtime]:
    whole = {"base_url": api.base_url, "overpass_url": f"{api.base_url}/interpreter", "api_key": KEY}
    quickly = {"places_search": {"backoff_seconds": 0.01}}
    with Runtime(
        RuntimeSettings(store=directory / "quaero.db", worker_options=quickly),
        worker_settings={"places_search": {**whole, "seconds_between_calls": 0, **settings}},
    ) as runtime:
        yield runtime


def searching(*steps: dict[str, Any]) -> JobDefinition:
    made = [
        Step(f"search{number}", "places_search", {"search_query": "bistro", **each})
        for number, each in enumerate(steps)
    ]
    return JobDefinition("places", "Places", tuple(made), tags=("eat",))


def documents(runtime: Runtime) -> list[dict[str, Any]]:
    found = [
        runtime.reader.document(parse_id(each["id"])) for each in runtime.reader.documents(DocumentFilter())
    ]
    return [each for each in found if each is not None]


@pytest.mark.parametrize("provider", ["google", "google_legacy", "openstreetmap"])
def test_a_search_leaves_one_document_with_the_places_and_their_number_on_the_job(
    tmp_path: Path, provider: str
) -> None:
    with PlacesApi(spots(5)) as api, running(tmp_path, api, provider=provider) as runtime:
        run = runtime.submit(searching({"list_name": "Mine"}))
        ended = run.wait(WAIT)
        (document,) = documents(runtime)
        (job,) = runtime.reader.jobs(JobFilter(kind="job", run_id=run.number))

    assert (ended.state, ended.documents) == ("completed", 1)
    assert (document["title"], document["source_type"], document["tags"]) == (
        "Places Search: bistro",
        "places",
        ["eat"],
    )
    assert "5 places found." in document["body"]
    metadata = document["metadata"]
    assert (metadata["provider"], metadata["total_results"], len(metadata["places"])) == (provider, 5, 5)
    assert metadata["places"][4]["name"] == "Bistro 4"
    assert job["result"] == {"results": 5, "seen": 5, "page": 1, "document": True}


def test_two_searches_of_one_run_and_two_runs_are_documents_of_their_own(tmp_path: Path) -> None:
    with PlacesApi(spots(3)) as api, running(tmp_path, api) as runtime:
        definition = searching({}, {"max_results": 1})
        assert [runtime.submit(definition).wait(WAIT).documents for _ in range(2)] == [2, 2]
        assert sorted(each["metadata"]["total_results"] for each in documents(runtime)) == [1, 1, 3, 3]


def test_no_place_is_a_document_too(tmp_path: Path) -> None:
    with PlacesApi([]) as api, running(tmp_path, api, provider="google_legacy") as runtime:
        assert runtime.submit(searching({})).wait(WAIT).state == "completed"
        assert "No places found." in documents(runtime)[0]["body"]


def test_pages_are_asked_for_until_enough_places_pass_the_filters(tmp_path: Path) -> None:
    with PlacesApi(spots(70)) as api, running(tmp_path, api) as runtime:
        run = runtime.submit(searching({"filter_min_rating": 4.5, "max_results": 8}))
        ended = run.wait(WAIT)
        (document,) = documents(runtime)
        results = [job["result"] for job in runtime.reader.jobs(JobFilter(kind="job", run_id=run.number))]

    assert (ended.state, ended.counts.total, ended.documents) == ("completed", 2, 1)
    assert results == [
        {"results": 5, "seen": 20, "page": 1, "document": False},
        {"results": 8, "seen": 40, "page": 2, "document": True},
    ]
    assert all(place["rating"] >= 4.5 for place in document["metadata"]["places"])
    assert [asked.body.get("pageToken") for asked in api.asked] == [None, "t20"]


def test_calls_to_a_host_are_a_second_apart_over_all_jobs_and_runs(tmp_path: Path) -> None:
    with PlacesApi(spots(70)) as api, running(tmp_path, api, seconds_between_calls=1.0) as runtime:
        runs = [runtime.submit(searching({"filter_min_rating": 4.5, "max_results": 8})) for _ in range(2)]
        assert [run.wait(WAIT).state for run in runs] == ["completed", "completed"]
        jobs = runtime.reader.jobs(JobFilter(kind="job"))

    assert len(api.asked) == 4
    starts = sorted(job["started_at"] for job in jobs)
    assert len(starts) == 4
    assert all(later - earlier >= 1000 for earlier, later in pairwise(starts)), starts


def test_what_passes_is_tried_again_and_what_does_not_fails_with_the_services_words(tmp_path: Path) -> None:
    def busy(number: int) -> Reply | None:
        return Reply(b"{}", 500) if number < 2 else None

    with PlacesApi(spots(2), busy) as api, running(tmp_path, api) as runtime:
        assert runtime.submit(searching({})).wait(WAIT).state == "completed"
        assert len(api.asked) == 3
    with (
        PlacesApi(spots(2)) as api,
        running(tmp_path, api, api_key="wrong", provider="google_legacy") as runtime,
    ):
        run = runtime.submit(searching({}))
        assert run.wait(WAIT).state == "failed"
        (job,) = runtime.reader.jobs(JobFilter(kind="job", run_id=run.number))
        assert (len(api.asked), job["attempt"]) == (1, 1)
        assert "REQUEST_DENIED: The provided API key is invalid: …" in job["error"]


def test_what_is_missing_here_is_refused_at_the_door(tmp_path: Path) -> None:
    with PlacesApi([]) as api:
        with (
            running(tmp_path, api, api_key="") as runtime,
            pytest.raises(RefusedError, match="api_key: Google Places needs a key: set api_key_file"),
        ):
            runtime.submit(searching({}))
        with (
            running(tmp_path, api, provider="openstreetmap", api_key="") as runtime,
            pytest.raises(RefusedError, match="filter_min_rating: OpenStreetMap knows no ratings"),
        ):
            runtime.submit(searching({"filters": {"min_rating": 3}}))
        assert not api.asked


def test_the_real_file_searches_and_then_extracts_keywords_by_the_command(tmp_path: Path) -> None:
    file = next(FILES.rglob("8eb228d/nearby-restaurants-keywords.toml"))
    places = [*spots(25), Spot("Cafe", 5.0, kind="cafe")]
    with PlacesApi(places) as api:
        config = f'[workers.places_search]\nprovider = "google_legacy"\nbase_url = "{api.base_url}"\n'
        (tmp_path / "quaero.toml").write_text(config)
        refused = quaero("run", file, "--json", cwd=tmp_path)
        done = quaero("run", file, "--json", cwd=tmp_path, QUAERO_WORKERS__PLACES_SEARCH__API_KEY=KEY)
        asked = list(api.asked)

    assert refused.code == 2, refused
    error = refused.value["error"]
    assert (error["file"], error["line"]) == (str(file), 14)
    assert "Google Places needs a key: set api_key_file = " in error["message"]
    assert done.code == 0, done
    assert (done.value["documents"], [step["state"] for step in done.value["steps"]]) == (
        1,
        ["completed"] * 2,
    )
    assert asked[0].query == {
        "location": "-37.9167,145.1833",
        "radius": "2000",
        "type": "restaurant",
        "key": KEY,
    }
    ((title, metadata),) = sql(tmp_path / "quaero.db", "SELECT title, metadata FROM document")
    assert title == "Places Search: restaurants near Wheelers Hill"
    assert '"keyword_extractor":{"keywords":["' in str(metadata)
    assert '"total_results":15' in str(metadata), "of 25 restaurants on two pages, 15 are rated 3.5 or better"
    assert [each.query.get("pagetoken") for each in asked] == [None, "t20"]
    assert KEY not in done.out + done.err
    search, agent = sql(
        tmp_path / "quaero.db", "SELECT finished_at, started_at FROM job WHERE kind = 'step' ORDER BY id"
    )
    assert int(str(search[0])) <= int(str(agent[1])), "one after the other"


def test_a_search_that_is_killed_and_continued_leaves_what_an_undisturbed_one_leaves(tmp_path: Path) -> None:
    """The second page never comes until the process is dead."""
    definition = (
        'id = "p"\nname = "P"\n[step.find]\naction = "places_search"\n'
        'search_query = "bistro"\nfilter_min_rating = 4.5\nmax_results = 8\n'
    )
    key = {"QUAERO_WORKERS__PLACES_SEARCH__API_KEY": KEY}
    rows = {}
    for name in ("undisturbed", "killed"):
        directory = tmp_path / name
        directory.mkdir()
        (directory / "p.toml").write_text(definition)
        with PlacesApi(spots(70)) as api:
            config = f'[workers.places_search]\nbase_url = "{api.base_url}"\nseconds_between_calls = 0.2\n'
            (directory / "quaero.toml").write_text(config)
            if name == "killed":
                api.instead = lambda number: Reply(silent=True) if number == 1 else None
                process = subprocess.Popen(
                    command_line("run", "p.toml"),
                    cwd=directory,
                    env=surroundings(**key),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
                assert api.wait_for(2), "it asks for the second page"
                process.send_signal(signal.SIGKILL)
                process.wait(100)
                done = quaero("work", "--until-idle", cwd=directory, **key)
            else:
                done = quaero("run", "p.toml", cwd=directory, **key)
        assert done.code == 0, done
        store = directory / "quaero.db"
        rows[name] = (
            sql(store, "SELECT title, body, tags, metadata -> '$.places' FROM document"),
            sql(store, "SELECT name, state, attempt, depth, result FROM job WHERE kind = 'job' ORDER BY id"),
            sql(store, "SELECT change FROM document_save"),
        )

    assert rows["killed"] == rows["undisturbed"]
    assert len(rows["killed"][1]) == 2
