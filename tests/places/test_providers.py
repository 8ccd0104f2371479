"""Each provider over real HTTP: what it is asked, what becomes of its answer, and everything that it can do wrong."""

import asyncio
import json
from typing import Any

import msgspec
import pytest

from actors.places.config import PlacesConfig, Search, search_of
from actors.places.place import Place, PlacePage, markdown_of, wanted
from actors.places.provider import ask
from actors.places.settings import PlacesSettings
from actors.seams import SystemClock
from actors.settings import Secret
from actors.worker import PermanentError, RetryableError
from tests.misbehaving_service import Asked, Reply
from tests.places.places_api import KEY, PlacesApi, Spot, spots

PROVIDERS = ("google", "google_legacy", "openstreetmap")
HERE = {"location_latitude": -37.9167, "location_longitude": 145.1833, "location_radius": 2000}


def search(**keys: Any) -> Search:
    return search_of(msgspec.convert({"search_query": "bistro", **keys}, PlacesConfig))


def asking(
    api: PlacesApi, provider: str, of: Search, token: str = "", **settings: Any
) -> tuple[PlacePage, Asked]:
    whole = PlacesSettings(
        **{
            "provider": provider,
            "base_url": api.base_url,
            "overpass_url": f"{api.base_url}/interpreter",
            "api_key": Secret(KEY),
            **settings,
        }
    )
    page = asyncio.run(ask(of, whole, token, SystemClock()))
    return page, api.asked[-1]


def refused(answer: Reply, provider: str, token: str = "", **settings: Any) -> Exception:
    with (
        PlacesApi([], lambda _: answer) as api,
        pytest.raises((PermanentError, RetryableError)) as found,
    ):
        asking(api, provider, search(), token, **settings)
    assert KEY not in str(found.value) + repr(found.value.__cause__)
    return found.value


def test_the_new_api_is_asked_by_text_with_its_own_filters_and_a_field_mask() -> None:
    with PlacesApi(spots(25)) as api:
        of = search(
            **HERE, filter_type="restaurant", filter_min_rating=3.7, filter_max_price=2, filter_open_now=True
        )
        page, asked = asking(api, "google", of)
        rest, _ = asking(api, "google", of, page.next_token)

    assert asked.path == "/api/places:searchText"
    circle = {"center": {"latitude": -37.9167, "longitude": 145.1833}, "radius": 2000}
    assert asked.body == {
        "textQuery": "bistro",
        "pageSize": 20,
        "includedType": "restaurant",
        "minRating": 3.5,
        "priceLevels": ["PRICE_LEVEL_INEXPENSIVE", "PRICE_LEVEL_MODERATE"],
        "openNow": True,
        "locationBias": {"circle": circle},
    }
    assert "nextPageToken" in asked.headers["x-goog-fieldmask"]
    assert (len(page.places), page.next_token, len(rest.places), rest.next_token) == (20, "t20", 5, "")
    assert page.places[3] == Place(
        place_id="id3",
        name="Bistro 3",
        formatted_address="3 Jells Rd, Wheelers Hill VIC 3150",
        latitude=-37.9167 + 0.0003,
        longitude=145.1833,
        rating=3.3,
        user_ratings_total=13,
        price_level=3,
        types=("restaurant", "food", "point_of_interest"),
        website="https://bistro3.example/",
        international_phone_number="+61 3 9560 0003",
    )


def test_the_new_api_is_asked_for_what_is_nearby_without_text() -> None:
    with PlacesApi(spots(3)) as api:
        page, asked = asking(api, "google", search(search_type="nearby_search", max_results=7, **HERE))

    assert asked.path == "/api/places:searchNearby"
    assert asked.body == {
        "maxResultCount": 7,
        "locationRestriction": {
            "circle": {"center": {"latitude": -37.9167, "longitude": 145.1833}, "radius": 2000}
        },
    }
    assert (len(page.places), page.next_token) == (3, "")


def test_the_legacy_api_is_asked_in_its_own_words() -> None:
    with PlacesApi(spots(25)) as api:
        _, text = asking(api, "google_legacy", search(filter_type="restaurant", language="de"))
        page, nearby = asking(
            api, "google_legacy", search(search_type="nearby_search", filter_max_price=2, **HERE)
        )
        rest, more = asking(api, "google_legacy", search(), page.next_token)

    assert (text.path, text.query) == (
        "/api/textsearch/json",
        {"query": "bistro", "type": "restaurant", "language": "de", "key": KEY},
    )
    assert (nearby.path, nearby.query) == (
        "/api/nearbysearch/json",
        {"location": "-37.9167,145.1833", "radius": "2000", "maxprice": "2", "key": KEY},
    )
    assert more.query == {"pagetoken": "t20", "key": KEY}
    assert (len(page.places), len(rest.places)) == (20, 5)
    assert page.places[1].formatted_address == "1 Jells Rd, Wheelers Hill"


def test_openstreetmap_is_asked_by_words_at_nominatim_and_for_what_is_nearby_at_overpass() -> None:
    with PlacesApi([*spots(3), Spot("Inn", kind="hotel")]) as api:
        by_words, words = asking(
            api, "openstreetmap", search(max_results=5, **HERE), user_agent="Us (us@example.org)"
        )
        nearby, _ = asking(
            api, "openstreetmap", search(search_type="nearby_search", filter_type="restaurant", **HERE)
        )
        hotels, _ = asking(
            api, "openstreetmap", search(search_type="nearby_search", filter_type="lodging", **HERE)
        )

    west, north, east, south = map(float, words.query.pop("viewbox").split(","))
    assert west < 145.1833 < east
    assert south < -37.9167 < north
    assert words.query == {"q": "bistro", "format": "jsonv2", "limit": "5", "extratags": "1"}
    assert words.headers["user-agent"] == "Us (us@example.org)"
    assert [place.place_id for place in by_words.places] == ["node/0", "node/1", "node/2", "node/3"]
    assert [place.name for place in nearby.places] == ["Bistro 0", "Bistro 1", "Bistro 2"], (
        "the nearest first"
    )
    assert nearby.places[1].place_id == "way/1"
    of_type = search(filter_type="lodging")
    assert [place.name for place in wanted(of_type, hotels.places)] == ["Inn"]


def test_filters_are_applied_to_whatever_was_answered() -> None:
    with PlacesApi([*spots(20), Spot("New", rating=None), Spot("Bar", 5.0, 1, "bar")]) as api:
        page, _ = asking(api, "google_legacy", search())
        rest, _ = asking(api, "google_legacy", search(), page.next_token)
    places = (*page.places, *rest.places)

    def names(**filters: Any) -> set[str]:
        return {place.name for place in wanted(search(**filters), places)}

    assert names(filter_min_rating=4.85) == {"Bistro 19", "Bar"}
    assert "New" not in names(filter_min_rating=0.1)
    assert names(filter_type="bar") == {"Bar"}
    assert names(filter_min_price=1, filter_max_price=1, filter_keyword="BISTRO 1") == {
        "Bistro 1",
        "Bistro 11",
        "Bistro 16",
    }
    assert len(names()) == 22


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("answer", "permanent", "message"),
    [
        (Reply(silent=True), False, "did not answer within 0.3 s"),
        (Reply(b"<html>busy</html>", 503), False, "answered 503"),
        (Reply(b"<html>busy</html>"), False, "answered with what is not its format"),
        (Reply(b"[3]"), False, "answered with what is not its format"),
        (Reply(b" " * 20_000), True, "answered with more than 10000 bytes"),
        (
            Reply(b"{}", 302, {"Location": "http://127.0.0.1:1/"}),
            True,
            "it has moved to http://127.0.0.1:1/",
        ),
    ],
    ids=["slow", "503", "html", "wrong", "huge", "moved"],
)
def test_a_broken_answer_is_one_sentence(provider: str, answer: Reply, permanent: bool, message: str) -> None:
    found = refused(
        answer, provider, request_timeout_seconds=0.3 if answer.silent else 20, max_response_bytes=10_000
    )

    assert isinstance(found, PermanentError if permanent else RetryableError)
    assert message in str(found)


def test_statuses_of_the_legacy_api_are_errors_in_its_own_words() -> None:
    def says(status: str, message: str = "because") -> Reply:
        return Reply(json.dumps({"status": status, "results": [], "error_message": message}).encode())

    denied = refused(says("REQUEST_DENIED", f"the key {KEY} may not"), "google_legacy")
    assert isinstance(denied, PermanentError)
    assert "answered REQUEST_DENIED: the key … may not; see that api_key in [workers.places_search]" in str(
        denied
    )
    assert isinstance(refused(says("INVALID_REQUEST"), "google_legacy"), PermanentError)
    for passing in ("OVER_QUERY_LIMIT", "UNKNOWN_ERROR"):
        assert isinstance(refused(says(passing), "google_legacy"), RetryableError)
    early = refused(says("INVALID_REQUEST"), "google_legacy", "t20")
    assert isinstance(early, RetryableError), "a page's token is not good at once"


def test_errors_of_the_others_are_told_in_their_own_words_too() -> None:
    body = {
        "error": {"code": 403, "message": "Places API (New) has not been used", "status": "PERMISSION_DENIED"}
    }
    denied = refused(Reply(json.dumps(body).encode(), 403), "google")
    assert isinstance(denied, PermanentError)
    assert "answered 403: PERMISSION_DENIED: Places API (New) has not been used; see that api_key" in str(
        denied
    )
    with PlacesApi([]) as api, pytest.raises(PermanentError, match=r"API key not valid.*see that api_key"):
        asking(api, "google", search(), api_key=Secret("wrong"))
    limited = refused(Reply(b'{"error": "Too many"}', 429, {"Retry-After": "9"}), "openstreetmap")
    assert isinstance(limited, RetryableError)
    assert limited.retry_after_seconds == 9
    nominatim = refused(Reply(b'{"error": "unable to geocode"}'), "openstreetmap")
    assert isinstance(nominatim, PermanentError)
    assert "unable to geocode" in str(nominatim)
    with (
        PlacesApi(
            [], lambda _: Reply(b'{"elements": [], "remark": "runtime error: Query timed out"}')
        ) as api,
        pytest.raises(RetryableError, match="Query timed out"),
    ):
        asking(api, "openstreetmap", search(search_type="nearby_search", **HERE))


def test_the_document_lists_what_is_known_and_words_of_others_mean_nothing_in_it() -> None:
    place = Place(
        place_id="x1",
        name="# [Evil](http://x)\n*Inn*",
        formatted_address="1 <b>Road</b>",
        latitude=-37.5,
        longitude=145,
        rating=4.5,
        user_ratings_total=1,
        types=("restaurant", "night_club"),
    )
    text = markdown_of(search(list_name="My list"), [place, Place(place_id="x2", name="B")])

    assert text.startswith(
        "# Places Search: bistro\n\n**My list**\n\n2 places found.\n\n## 1. \\# \\[Evil\\](http://x)"
    )
    for line in (
        "- Address: 1 \\<b\\>Road\\</b\\>",
        "- Rating: 4.5 (1 review)",
        "- Types: restaurant, night\\_club",
        "- Coordinates: -37.500000, 145.000000",
        "- Place ID: `x1`",
    ):
        assert line in text.splitlines()
    assert markdown_of(search(), []) == "# Places Search: bistro\n\nNo places found.\n"
