from typing import Any

import msgspec
import pytest

from actors.places.config import PlacesConfig, config_problems, search_of
from actors.places.provider import request_of
from actors.places.settings import PlacesSettings
from actors.settings import Secret

FLAT = {
    "search_query": "restaurants near Wheelers Hill",
    "search_type": "nearby_search",
    "max_results": 20,
    "list_name": "Wheelers Hill Restaurants",
    "location_latitude": -37.9167,
    "location_longitude": 145.1833,
    "location_radius": 2000,
    "filter_type": "restaurant",
    "filter_min_rating": 3.5,
}
NESTED = {
    **{key: value for key, value in FLAT.items() if not key.startswith(("location_", "filter_"))},
    "location": {"latitude": -37.9167, "longitude": 145.1833, "radius": 2000},
    "filters": {"type": "restaurant", "min_rating": 3.5},
}
MIXED = {
    **{key: value for key, value in FLAT.items() if not key.startswith("filter_")},
    "filters": NESTED["filters"],
}


def config(**keys: Any) -> PlacesConfig:
    return msgspec.convert({"search_query": "x", **keys}, PlacesConfig)


@pytest.mark.parametrize("provider", ["google", "google_legacy", "openstreetmap"])
def test_flat_nested_and_mixed_keys_make_the_same_request(provider: str) -> None:
    settings = msgspec.convert({"provider": provider, "api_key": Secret("k")}, PlacesSettings)
    requests = [
        request_of(search_of(msgspec.convert(keys, PlacesConfig)), settings) for keys in (FLAT, NESTED, MIXED)
    ]

    assert requests[0] == requests[1] == requests[2]


def test_a_flat_key_goes_before_the_nested_one_and_whole_numbers_are_numbers() -> None:
    search = search_of(
        config(
            location={"latitude": -38, "longitude": 145, "radius": 100},
            location_latitude=-37,
            filter_min_rating=4,
        )
    )

    assert (search.latitude, search.longitude, search.radius, search.min_rating) == (-37, 145, 100, 4)


@pytest.mark.parametrize(("wanted", "limit"), [(0, 20), (5, 5), (20, 20), (500, 20)])
def test_results_are_at_most_twenty(wanted: int, limit: int) -> None:
    assert search_of(config(max_results=wanted)).limit == limit


@pytest.mark.parametrize(
    ("keys", "key", "sentence"),
    [
        ({"search_query": " "}, "search_query", "must say what is looked for"),
        ({"max_results": -1}, "max_results", "must be 0 or more, got -1"),
        (
            {"location_latitude": 91, "location_longitude": 0},
            "location_latitude",
            "must be from -90 to 90 degrees",
        ),
        ({"location": {"latitude": 0, "longitude": 200}}, "location.longitude", "must be from -180 to 180"),
        ({"location_latitude": 1}, "location_longitude", "is missing: the other one is there"),
        ({"location_radius": 0.0, "filters": {}}, None, ""),
        ({"location_radius": -5}, "location_radius", "must be more than 0 and at most 50000 metres, got -5"),
        ({"filters": {"min_rating": 7}}, "filters.min_rating", "must be from 0 to 5, got 7"),
        ({"filter_max_price": 9}, "filter_max_price", "must be a price level from 0 to 4, got 9"),
        ({"filter_type": 'a"];out;'}, "filter_type", 'must be one type such as "restaurant"'),
        ({"api_key": "AIza1"}, "api_key", "must not be in a definition, which is stored"),
        ({"api_key": "{google_places_api_key}"}, None, ""),
    ],
)
def test_what_is_wrong_with_a_step_is_told_by_its_key(
    keys: dict[str, Any], key: str | None, sentence: str
) -> None:
    found = dict(config_problems(config(**keys)))

    assert list(found) == ([] if key is None else [key])
    assert key is None or found[key].startswith(sentence)


def test_a_nearby_search_needs_a_location() -> None:
    found = dict(config_problems(config(search_type="nearby_search")))

    assert list(found) == ["location_latitude", "location_longitude"]
    assert found["location_latitude"].endswith("write location_latitude = -37.9167")


def test_calls_to_one_host_share_a_rate_whichever_job_makes_them() -> None:
    own = PlacesSettings(base_url="http://Places.example:81/api")
    osm = PlacesSettings(provider="openstreetmap")

    assert own.rate_key(nearby=True) == own.rate_key(nearby=False) == "places places.example:81"
    assert own.rate_ms >= 1000
    assert osm.rate_key(nearby=True) == "places overpass-api.de"
    assert osm.rate_key(nearby=False) == "places nominatim.openstreetmap.org"
