"""The wire format of Google's Places API (New): ``places:searchText`` and ``places:searchNearby``. Pure.

A nearby search takes no text and has one page of at most 20 places.
"""

from typing import Any

import msgspec

from actors.places.config import Search
from actors.places.place import Place, PlacePage
from actors.places.settings import PlacesSettings
from actors.remote import Request, Response, decoded

PAGE = 20
FIELDS = (
    "id",
    "displayName",
    "formattedAddress",
    "location",
    "rating",
    "userRatingCount",
    "priceLevel",
    "types",
    "websiteUri",
    "internationalPhoneNumber",
    "businessStatus",
    "currentOpeningHours.openNow",
)
PRICES = {
    "PRICE_LEVEL_FREE": 0,
    "PRICE_LEVEL_INEXPENSIVE": 1,
    "PRICE_LEVEL_MODERATE": 2,
    "PRICE_LEVEL_EXPENSIVE": 3,
    "PRICE_LEVEL_VERY_EXPENSIVE": 4,
}


class _Text(msgspec.Struct, frozen=True):
    text: str = ""


class _Point(msgspec.Struct):
    latitude: float = 0.0
    longitude: float = 0.0


class _Hours(msgspec.Struct, rename="camel"):
    open_now: bool | None = None


class _Place(msgspec.Struct, rename="camel"):
    id: str
    display_name: _Text = _Text()
    formatted_address: str = ""
    location: _Point | None = None
    rating: float | None = None
    user_rating_count: int | None = None
    price_level: str = ""
    types: list[str] = []
    website_uri: str = ""
    international_phone_number: str = ""
    business_status: str = ""
    current_opening_hours: _Hours | None = None


class _Found(msgspec.Struct, rename="camel"):
    places: list[_Place] = []
    next_page_token: str = ""


def request(search: Search, settings: PlacesSettings, token: str) -> Request:
    """The request for a page; ``token`` is "" for the first."""
    body = _nearby(search) if search.nearby else _text(search, token)
    if search.language:
        body["languageCode"] = search.language
    mask = [f"places.{field}" for field in FIELDS] + ([] if search.nearby else ["nextPageToken"])
    return Request(
        service="Google Places",
        method="POST",
        url=f"{settings.endpoint}/places:{'searchNearby' if search.nearby else 'searchText'}",
        headers={
            "Content-Type": "application/json",
            "User-Agent": settings.user_agent,
            "X-Goog-Api-Key": settings.key.reveal(),
            "X-Goog-FieldMask": ",".join(mask),
        },
        body=msgspec.json.encode(body),
        timeout_seconds=settings.request_timeout_seconds,
        max_bytes=settings.max_response_bytes,
        secret=settings.key,
    )


def page(asked: Request, response: Response) -> PlacePage:
    """The places of an answer.

    Raises:
        RetryableError: it is none.
    """
    found: _Found = decoded(asked, response, _Found)
    return PlacePage(tuple(map(_place, found.places)), found.next_page_token)


def _text(search: Search, token: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "textQuery": search.query,
        "pageSize": PAGE if search.filtered else min(search.limit, PAGE),
    }
    if search.type:
        body["includedType"] = search.type
    if search.min_rating:
        body["minRating"] = (
            int(search.min_rating * 2) / 2
        )  # it knows halves, and rounds up: the rest is filtered here
    prices = [name for name, level in PRICES.items() if level and _within(search, level)]
    if search.min_price is not None or search.max_price is not None:
        body["priceLevels"] = prices
    if search.open_now:
        body["openNow"] = True
    if search.latitude is not None:
        body["locationBias"] = {"circle": _circle(search)}
    if token:
        body["pageToken"] = token
    return body


def _nearby(search: Search) -> dict[str, Any]:
    body: dict[str, Any] = {
        "maxResultCount": PAGE if search.filtered else min(search.limit, PAGE),
        "locationRestriction": {"circle": _circle(search)},
    }
    if search.type:
        body["includedTypes"] = [search.type]
    return body


def _circle(search: Search) -> dict[str, Any]:
    return {"center": {"latitude": search.latitude, "longitude": search.longitude}, "radius": search.radius}


def _within(search: Search, level: int) -> bool:
    return (search.min_price or 0) <= level <= (4 if search.max_price is None else search.max_price)


def _place(found: _Place) -> Place:
    hours = found.current_opening_hours
    return Place(
        place_id=found.id,
        name=found.display_name.text,
        formatted_address=found.formatted_address,
        latitude=None if found.location is None else found.location.latitude,
        longitude=None if found.location is None else found.location.longitude,
        rating=found.rating,
        user_ratings_total=found.user_rating_count,
        price_level=PRICES.get(found.price_level),
        types=tuple(found.types),
        website=found.website_uri,
        international_phone_number=found.international_phone_number,
        business_status=found.business_status,
        open_now=None if hours is None else hours.open_now,
    )
