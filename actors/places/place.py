"""One place, whoever tells of it; which places a search wants; the document that lists them. Pure."""

import re
from collections.abc import Iterable, Sequence

import msgspec

from actors.places.config import Search

_MARKS = re.compile(r"([\\`*_\[\]<>#|])")


class Place(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A place, by the names that Google's API has had for long."""

    place_id: str
    name: str
    formatted_address: str = ""
    latitude: float | None = None
    longitude: float | None = None
    rating: float | None = None
    user_ratings_total: int | None = None
    price_level: int | None = None
    types: tuple[str, ...] = ()
    website: str = ""
    international_phone_number: str = ""
    business_status: str = ""
    open_now: bool | None = None


class PlacePage(msgspec.Struct, frozen=True):
    """Places of one answer, and where to go on."""

    places: tuple[Place, ...]
    next_token: str = ""


def wanted(search: Search, places: Iterable[Place]) -> list[Place]:
    """Those of the places that meet every filter; the providers apply some of them, and not to the letter."""
    return [place for place in places if _meets(search, place)]


def joined(before: Sequence[Place], more: Iterable[Place], limit: int) -> tuple[Place, ...]:
    """All of them, each once, at most ``limit``."""
    found = {place.place_id: place for place in before}
    for place in more:
        found.setdefault(place.place_id, place)
    return tuple(found.values())[:limit]


def _meets(search: Search, place: Place) -> bool:
    if search.type and place.types and search.type not in place.types:
        return False
    words = " ".join((place.name, place.formatted_address, *place.types)).casefold()
    if search.keyword and search.keyword.casefold() not in words:
        return False
    if search.min_rating and (place.rating is None or place.rating < search.min_rating):
        return False
    if search.min_price is not None and (place.price_level is None or place.price_level < search.min_price):
        return False
    if search.max_price is not None and (place.price_level is None or place.price_level > search.max_price):
        return False
    return not (search.open_now and place.open_now is False)


def title_of(search: Search) -> str:
    """The document's title."""
    return f"Places Search: {search.query}"


def markdown_of(search: Search, places: Sequence[Place]) -> str:
    """The places as a Markdown list."""
    head = [f"# {_plain(title_of(search))}", ""]
    if search.list_name:
        head += [f"**{_plain(search.list_name)}**", ""]
    count = len(places)
    head.append(f"{count} place{'' if count == 1 else 's'} found." if count else "No places found.")
    return (
        "\n".join(
            [*head, *(line for number, place in enumerate(places, 1) for line in _lines(number, place))]
        )
        + "\n"
    )


def _lines(number: int, place: Place) -> list[str]:
    lines = ["", f"## {number}. {_plain(place.name) or 'Without a name'}", ""]
    if place.formatted_address:
        lines.append(f"- Address: {_plain(place.formatted_address)}")
    if place.rating is not None:
        reviews = place.user_ratings_total
        counted = "" if reviews is None else f" ({reviews} review{'' if reviews == 1 else 's'})"
        lines.append(f"- Rating: {place.rating:g}{counted}")
    if place.price_level is not None:
        lines.append(f"- Price level: {place.price_level}")
    if place.website:
        lines.append(f"- Website: <{''.join(place.website.split())}>")
    if place.international_phone_number:
        lines.append(f"- Phone: {_plain(place.international_phone_number)}")
    if place.types:
        lines.append(f"- Types: {_plain(', '.join(place.types))}")
    if place.latitude is not None and place.longitude is not None:
        lines.append(f"- Coordinates: {place.latitude:.6f}, {place.longitude:.6f}")
    lines.append(f"- Place ID: `{place.place_id}`")
    return lines


def _plain(text: str) -> str:
    """Words of others on one line, without meaning to Markdown."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))
