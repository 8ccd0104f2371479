"""Google's and OpenStreetMap's places on loopback, in their wire formats, over one list; they misbehave on request.

As strict as the real ones where that matters: keys, the field mask of the new API, tokens of pages, and Overpass's
language as far as it is used.
"""

import json
import re
from collections.abc import Callable

import msgspec

from tests.misbehaving_service import Asked, MisbehavingService, Reply

KEY = "AIza-of-the-test"
PAGE = 20
LEVELS = ("FREE", "INEXPENSIVE", "MODERATE", "EXPENSIVE", "VERY_EXPENSIVE")


class Spot(msgspec.Struct, frozen=True):
    """A place there is."""

    name: str
    rating: float | None = 4.0
    price: int = 2
    kind: str = "restaurant"
    latitude: float = -37.9167
    longitude: float = 145.1833


def spots(count: int) -> list[Spot]:
    """So many restaurants, rated from 3.0 up to 4.9 and again, each farther away than the one before."""
    return [
        Spot(f"Bistro {number}", 3.0 + number % 20 / 10, number % 5, latitude=-37.9167 + number / 10_000)
        for number in range(count)
    ]


class PlacesApi(MisbehavingService):
    """Answers with places of the list, or with what ``instead`` gives for the number of the request."""

    base_path = "/api"

    def __init__(self, places: list[Spot], instead: Callable[[int], Reply | None] = lambda _: None) -> None:
        super().__init__()
        self.places = places
        self.instead = instead

    def said(self, asked: Asked, number: int) -> Reply:
        """What it says instead, or places."""
        said = self.instead(number)
        if said is not None:
            return said
        if asked.path.endswith("/json"):
            return _legacy(self.places, asked)
        if ":search" in asked.path:
            return _google(self.places, asked)
        return (
            _overpass(self.places, asked) if asked.path.endswith("/interpreter") else _nominatim(self.places)
        )


def _google(places: list[Spot], asked: Asked) -> Reply:
    if asked.headers.get("x-goog-api-key") != KEY:
        return _invalid("API key not valid. Please pass a valid API key.")
    if "places.id" not in asked.headers.get("x-goog-fieldmask", ""):
        return _invalid("FieldMask is a required parameter")
    nearby = asked.path.endswith(":searchNearby")
    start = 0 if nearby else int(asked.body.get("pageToken", "t0")[1:])
    size = asked.body["maxResultCount"] if nearby else asked.body["pageSize"]
    found = [
        {
            "id": f"id{number}",
            "displayName": {"text": each.name, "languageCode": "en"},
            "formattedAddress": f"{number} Jells Rd, Wheelers Hill VIC 3150",
            "location": {"latitude": each.latitude, "longitude": each.longitude},
            **({} if each.rating is None else {"rating": each.rating, "userRatingCount": 10 + number}),
            "priceLevel": f"PRICE_LEVEL_{LEVELS[each.price]}",
            "types": [each.kind, "food", "point_of_interest"],
            "websiteUri": f"https://bistro{number}.example/",
            "internationalPhoneNumber": f"+61 3 9560 {number:04}",
        }
        for number, each in enumerate(places)
    ]
    page = found[start : start + size]
    more = not nearby and start + size < len(found)
    return Reply(
        json.dumps({"places": page, **({"nextPageToken": f"t{start + size}"} if more else {})}).encode()
    )


def _invalid(message: str) -> Reply:
    error = {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}
    return Reply(json.dumps({"error": error}).encode(), 400)


def _legacy(places: list[Spot], asked: Asked) -> Reply:
    if asked.query.get("key") != KEY:
        message = f"The provided API key is invalid: {asked.query.get('key')}"
        return Reply(
            json.dumps({"status": "REQUEST_DENIED", "results": [], "error_message": message}).encode()
        )
    start = int(asked.query.get("pagetoken", "t0")[1:])
    nearby = asked.path.endswith("/nearbysearch/json")
    found = [
        {
            "place_id": f"id{number}",
            "name": each.name,
            ("vicinity" if nearby else "formatted_address"): f"{number} Jells Rd, Wheelers Hill",
            "geometry": {"location": {"lat": each.latitude, "lng": each.longitude}},
            **({} if each.rating is None else {"rating": each.rating, "user_ratings_total": 10 + number}),
            "price_level": each.price,
            "types": [each.kind, "food"],
        }
        for number, each in enumerate(places)
    ]
    page = {
        "status": "OK" if found else "ZERO_RESULTS",
        "results": found[start : start + PAGE],
        "html_attributions": [],
    }
    if start + PAGE < len(found):
        page["next_page_token"] = f"t{start + PAGE}"
    return Reply(json.dumps(page).encode())


def _nominatim(places: list[Spot]) -> Reply:
    found = [
        {
            "place_id": number,
            "osm_type": "node",
            "osm_id": number,
            "lat": str(each.latitude),
            "lon": str(each.longitude),
            "category": "amenity",
            "type": each.kind,
            "name": each.name,
            "display_name": f"{each.name}, {number} Jells Road, Wheelers Hill, Australia",
            "extratags": {"website": f"https://bistro{number}.example/"} if number else None,
        }
        for number, each in enumerate(places)
    ]
    return Reply(json.dumps(found).encode())


def _overpass(places: list[Spot], asked: Asked) -> Reply:
    wanted = re.fullmatch(
        r'\[out:json\]\[timeout:\d+\];nwr\(around:\d+,-?[\d.]+,-?[\d.]+\)\[~"\^\([a-z|]+\)\$"~"([^"]+)"\]\["name"\];'
        r"out center tags \d+;",
        asked.body["data"],
    )
    if wanted is None:
        return Reply(b"<html>parse error</html>", 400)
    found = [
        {
            "type": "way" if number % 2 else "node",
            "id": number,
            **(
                {"center": {"lat": each.latitude, "lon": each.longitude}}
                if number % 2
                else {"lat": each.latitude, "lon": each.longitude}
            ),
            "tags": {"name": each.name, "amenity": each.kind, "addr:street": "Jells Road"},
        }
        for number, each in enumerate(places)
        if re.search(wanted[1], each.kind)
    ]
    return Reply(json.dumps({"version": 0.6, "elements": list(reversed(found))}).encode())
