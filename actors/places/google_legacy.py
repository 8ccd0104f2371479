"""The wire format of Google's Places API before the new one: ``textsearch/json`` and ``nearbysearch/json``. Pure.

An answer has the HTTP status 200 and its own ``status``; a page's token is good some two seconds after it was given.
"""

import msgspec

from actors.places.config import Search
from actors.places.place import Place, PlacePage
from actors.places.settings import PlacesSettings
from actors.remote import Request, Response, decoded
from actors.worker.errors import PermanentError, RetryableError

TOKEN_SECONDS = 2.0
PASSING = frozenset({"OVER_QUERY_LIMIT", "UNKNOWN_ERROR"})
"""Statuses that pass with time."""


class _Point(msgspec.Struct):
    lat: float = 0.0
    lng: float = 0.0


class _Geometry(msgspec.Struct):
    location: _Point | None = None


class _Hours(msgspec.Struct):
    open_now: bool | None = None


class _Place(msgspec.Struct):
    place_id: str
    name: str = ""
    formatted_address: str = ""
    vicinity: str = ""  # the address of a nearby search
    geometry: _Geometry | None = None
    rating: float | None = None
    user_ratings_total: int | None = None
    price_level: int | None = None
    types: list[str] = []
    website: str = ""
    international_phone_number: str = ""
    formatted_phone_number: str = ""
    business_status: str = ""
    opening_hours: _Hours | None = None


class _Found(msgspec.Struct):
    status: str
    results: list[_Place] = []
    next_page_token: str = ""
    error_message: str = ""


def request(search: Search, settings: PlacesSettings, token: str) -> Request:
    """The request for a page; ``token`` is "" for the first."""
    parameters = {"pagetoken": token} if token else _parameters(search)
    parameters["key"] = settings.key.reveal()
    return Request(
        service="Google Places",
        method="GET",
        url=f"{settings.endpoint}/{'nearbysearch' if search.nearby else 'textsearch'}/json",
        headers={"User-Agent": settings.user_agent},
        parameters=parameters,
        timeout_seconds=settings.request_timeout_seconds,
        max_bytes=settings.max_response_bytes,
        secret=settings.key,
    )


def page(asked: Request, response: Response) -> PlacePage:
    """The places of an answer.

    Raises:
        PermanentError: its status says that the request is refused.
        RetryableError: its status may pass with time, or it is no answer.
    """
    found: _Found = decoded(asked, response, _Found)
    if found.status not in {"OK", "ZERO_RESULTS"}:
        words = asked.secret.hidden_in(" ".join(found.error_message.split()))[:500]
        text = f"{asked.subject} answered {found.status[:80]}" + (f": {words}" if words else "")
        early = found.status == "INVALID_REQUEST" and "pagetoken" in asked.parameters
        if found.status in PASSING or early:
            raise RetryableError(text)
        if found.status == "REQUEST_DENIED":
            text += "; see that api_key in [workers.places_search] is valid and may use the Places API"
        raise PermanentError(text)
    return PlacePage(tuple(map(_place, found.results)), found.next_page_token)


def _parameters(search: Search) -> dict[str, str]:
    found = {
        "query": "" if search.nearby else search.query,
        "location": "" if search.latitude is None else f"{search.latitude:.7g},{search.longitude:.7g}",
        "radius": "" if search.latitude is None else f"{search.radius:.0f}",
        "type": search.type,
        "keyword": search.keyword if search.nearby else "",
        "minprice": "" if search.min_price is None else str(search.min_price),
        "maxprice": "" if search.max_price is None else str(search.max_price),
        "opennow": "true" if search.open_now else "",
        "language": search.language,
    }
    return {name: value for name, value in found.items() if value}


def _place(found: _Place) -> Place:
    point = found.geometry.location if found.geometry is not None else None
    return Place(
        place_id=found.place_id,
        name=found.name,
        formatted_address=found.formatted_address or found.vicinity,
        latitude=None if point is None else point.lat,
        longitude=None if point is None else point.lng,
        rating=found.rating,
        user_ratings_total=found.user_ratings_total,
        price_level=found.price_level,
        types=tuple(found.types),
        website=found.website,
        international_phone_number=found.international_phone_number or found.formatted_phone_number,
        business_status=found.business_status,
        open_now=found.opening_hours.open_now if found.opening_hours is not None else None,
    )
