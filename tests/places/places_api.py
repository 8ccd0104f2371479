"""Google's and OpenStreetMap's places on loopback, in their wire formats, over one list; they misbehave on request.

As strict as the real ones where that matters: keys, the field mask of the new API, tokens of pages, and Overpass's
language as far as it is used.
"""

import json
import re
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import msgspec

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


class Asked(msgspec.Struct, frozen=True):
    """One request."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: dict[str, Any]
    at: float


class Answer(msgspec.Struct, frozen=True):
    """What is said instead of places."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = {}
    silent: bool = False


def spots(count: int) -> list[Spot]:
    """So many restaurants, rated from 3.0 up to 4.9 and again, each farther away than the one before."""
    return [
        Spot(f"Bistro {number}", 3.0 + number % 20 / 10, number % 5, latitude=-37.9167 + number / 10_000)
        for number in range(count)
    ]


class PlacesApi:
    """Answers with places of the list, or with what ``instead`` gives for the number of the request."""

    def __init__(self, places: list[Spot], instead: Callable[[int], Answer | None] = lambda _: None) -> None:
        self.places = places
        self.instead = instead
        self.asked: list[Asked] = []
        self.changed = threading.Condition()
        self.ends = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.api = self

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ends.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/api"

    def wait_for(self, count: int) -> bool:
        """Wait until it was asked so often."""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.asked) >= count, 30)

    def answer(self, asked: Asked) -> Answer:
        """What it says to a request."""
        with self.changed:
            number = len(self.asked)
            self.asked.append(asked)
            self.changed.notify_all()
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


def _google(places: list[Spot], asked: Asked) -> Answer:
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
    return Answer(
        json.dumps({"places": page, **({"nextPageToken": f"t{start + size}"} if more else {})}).encode()
    )


def _invalid(message: str) -> Answer:
    error = {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}
    return Answer(json.dumps({"error": error}).encode(), 400)


def _legacy(places: list[Spot], asked: Asked) -> Answer:
    if asked.query.get("key") != KEY:
        message = f"The provided API key is invalid: {asked.query.get('key')}"
        return Answer(
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
    return Answer(json.dumps(page).encode())


def _nominatim(places: list[Spot]) -> Answer:
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
    return Answer(json.dumps(found).encode())


def _overpass(places: list[Spot], asked: Asked) -> Answer:
    wanted = re.fullmatch(
        r'\[out:json\]\[timeout:\d+\];nwr\(around:\d+,-?[\d.]+,-?[\d.]+\)\[~"\^\([a-z|]+\)\$"~"([^"]+)"\]\["name"\];'
        r"out center tags \d+;",
        asked.body["data"],
    )
    if wanted is None:
        return Answer(b"<html>parse error</html>", 400)
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
    return Answer(json.dumps({"version": 0.6, "elements": list(reversed(found))}).encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    api: PlacesApi


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        self._answer({})

    def do_POST(self) -> None:
        """Answer."""
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = "form" in self.headers["Content-Type"]
        self._answer(
            {name: values[0] for name, values in parse_qs(text).items()} if form else json.loads(text)
        )

    def _answer(self, body: dict[str, Any]) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.api.answer(Asked(parts.path, query, headers, body, time.monotonic()))
        if answer.silent:
            self.server.api.ends.wait(30)
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
