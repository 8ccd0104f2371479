"""The wire formats of OpenStreetMap's services: Nominatim's ``/search`` by words, Overpass for what is nearby. Pure.

Neither has ratings, prices or opening hours that say whether a place is open now.
"""

import math
from typing import Any
from urllib.parse import urlencode

import msgspec

from actors.places.config import Search
from actors.places.place import Place, PlacePage
from actors.places.settings import PlacesSettings
from actors.remote import Request, Response, decoded
from actors.worker.errors import PermanentError, RetryableError

MOST_NEARBY = 500
"""Places Overpass is asked for: it does not know which are nearest."""
MOST_BY_WORDS = 40
"""What Nominatim gives at most."""
KEYS = "amenity|shop|tourism|leisure|office|craft|healthcare|historic"
"""OpenStreetMap's keys whose values are types of places."""
TYPES = {
    "gas_station": "fuel",
    "lodging": "hotel",
    "store": "convenience",
    "grocery_or_supermarket": "supermarket",
    "doctor": "doctors",
    "movie_theater": "cinema",
    "meal_takeaway": "fast_food",
    "night_club": "nightclub",
}
"""Google's names of types where OpenStreetMap has others."""
UNKNOWN = {
    "min_rating": "ratings",
    "min_price": "prices",
    "max_price": "prices",
    "open_now": "what is open now",
}
"""Filters that can not be applied here, and what is missing for them."""


class _Named(msgspec.Struct):
    osm_type: str = ""
    osm_id: int = 0
    lat: float | str = 0.0
    lon: float | str = 0.0
    name: str | None = None
    display_name: str = ""
    category: str = ""
    type: str = ""
    extratags: dict[str, Any] | None = None


class _Element(msgspec.Struct):
    type: str
    id: int
    lat: float | None = None
    lon: float | None = None
    center: dict[str, float] = {}
    tags: dict[str, str] = {}


class _Elements(msgspec.Struct):
    elements: list[_Element]
    remark: str = ""


def request(search: Search, settings: PlacesSettings) -> Request:
    """The request; there is one page."""
    headers = {"User-Agent": settings.user_agent}
    if search.nearby:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = urlencode({"data": _query(search)}).encode()
        return Request(
            service="Overpass",
            method="POST",
            url=settings.overpass_url,
            headers=headers,
            body=body,
            timeout_seconds=settings.request_timeout_seconds,
            max_bytes=settings.max_response_bytes,
        )
    parameters = {
        "q": search.query,
        "format": "jsonv2",
        "limit": str(MOST_BY_WORDS if search.filtered else min(search.limit, MOST_BY_WORDS)),
        "extratags": "1",
    }
    if search.language:
        parameters["accept-language"] = search.language
    if search.latitude is not None and search.longitude is not None:
        parameters["viewbox"] = _box(search.latitude, search.longitude, search.radius)
    return Request(
        service="Nominatim",
        method="GET",
        url=f"{settings.endpoint}/search",
        headers=headers,
        parameters=parameters,
        timeout_seconds=settings.request_timeout_seconds,
        max_bytes=settings.max_response_bytes,
    )


def page(asked: Request, response: Response, search: Search) -> PlacePage:
    """The places of an answer.

    Raises:
        RetryableError: it is none, or Overpass had not enough time or memory for it.
        PermanentError: the service says what is wrong with the request.
    """
    if search.nearby:
        found: _Elements = decoded(asked, response, _Elements)
        if "error" in found.remark:
            raise RetryableError(f"{asked.subject} answered: {found.remark[:500]}")
        places = [place for each in found.elements if (place := _near(each)) is not None]
        return PlacePage(tuple(sorted(places, key=lambda each: _distance(search, each))))
    if response.body.lstrip().startswith(b"{"):  # an error comes with 200, too
        error = decoded(asked, response, dict[str, Any]).get("error", "no list of places")
        raise PermanentError(f"{asked.subject} answered: {str(error)[:500]}")
    named: list[_Named] = decoded(asked, response, list[_Named])
    return PlacePage(tuple(map(_named, named)))


def our_type(search: Search) -> str:
    """The type as OpenStreetMap calls it."""
    return TYPES.get(search.type, search.type)


def _query(search: Search) -> str:
    """What Overpass is asked, in its own language; the type is letters, digits and underscores only."""
    value = f"^{our_type(search)}$" if search.type else "."
    around = f"around:{search.radius:.0f},{search.latitude:.7f},{search.longitude:.7f}"
    return f'[out:json][timeout:25];nwr({around})[~"^({KEYS})$"~"{value}"]["name"];out center tags {MOST_NEARBY};'


def _box(latitude: float, longitude: float, radius: float) -> str:
    """West, north, east, south of a square around the point, so that what is in it is preferred."""
    high = radius / 111_320
    wide = high / max(math.cos(math.radians(latitude)), 0.01)
    return f"{longitude - wide:.6f},{latitude + high:.6f},{longitude + wide:.6f},{latitude - high:.6f}"


def _distance(search: Search, place: Place) -> float:
    """Something that grows with the distance from the middle of the search."""
    if None in {search.latitude, search.longitude, place.latitude, place.longitude}:
        return math.inf
    wide = math.cos(math.radians(search.latitude or 0.0)) * (
        (place.longitude or 0.0) - (search.longitude or 0.0)
    )
    return math.hypot(wide, (place.latitude or 0.0) - (search.latitude or 0.0))


def _near(found: _Element) -> Place | None:
    tags = found.tags
    latitude = found.lat if found.lat is not None else found.center.get("lat")
    longitude = found.lon if found.lon is not None else found.center.get("lon")
    if not tags.get("name"):
        return None
    types = [tags[key] for key in KEYS.split("|") if key in tags]
    where = (latitude, longitude)
    return _place(f"{found.type}/{found.id}", tags["name"], _address(tags), where, tags, types=types)


def _named(found: _Named) -> Place:
    tags = {key: str(value) for key, value in (found.extratags or {}).items()}
    name = found.name or found.display_name.partition(",")[0]
    place_id = f"{found.osm_type}/{found.osm_id}"
    types = [found.type] if found.type else []
    where = (_number(found.lat), _number(found.lon))
    return _place(place_id, name, found.display_name, where, tags, types=types)


def _place(
    place_id: str,
    name: str,
    address: str,
    where: tuple[float | None, float | None],
    tags: dict[str, str],
    *,
    types: list[str],
) -> Place:
    names = {ours: theirs for theirs, ours in TYPES.items()}
    return Place(
        place_id=place_id,
        name=name,
        formatted_address=address,
        latitude=where[0],
        longitude=where[1],
        types=tuple(dict.fromkeys(each for kind in types for each in (kind, names.get(kind, kind)))),
        website=tags.get("website", tags.get("contact:website", "")),
        international_phone_number=tags.get("phone", tags.get("contact:phone", "")),
    )


def _address(tags: dict[str, str]) -> str:
    street = f"{tags.get('addr:housenumber', '')} {tags.get('addr:street', '')}".strip()
    town = " ".join(filter(None, (tags.get("addr:postcode", ""), tags.get("addr:city", ""))))
    return ", ".join(filter(None, (street, town)))


def _number(value: float | str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None
