"""What a step of the action ``places_search`` says; location and filters flat, or nested as in older files."""

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from actors.settings import is_placeholder

MAX_RESULTS = 20
RADIUS_METRES = 5000.0
MAX_RADIUS_METRES = 50_000.0
_KEY_IN_DEFINITION = (
    "must not be in a definition, which is stored; remove it and set api_key_file in [workers.places_search] of"
    " quaero.toml, or the variable QUAERO_WORKERS__PLACES_SEARCH__API_KEY"
)


class Location(msgspec.Struct, frozen=True, omit_defaults=True):
    """``[step.NAME.location]``, as older files have it."""

    latitude: float | None = None
    longitude: float | None = None
    radius: float | None = None


class Filters(msgspec.Struct, frozen=True, omit_defaults=True):
    """``[step.NAME.filters]``, as older files have it."""

    type: str | None = None
    keyword: str | None = None
    min_rating: float | None = None
    min_price: int | None = None
    max_price: int | None = None
    open_now: bool | None = None


class PlacesConfig(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A step with ``action = "places_search"``."""

    search_query: str
    """What is looked for; of a nearby_search only the name of the list."""
    search_type: Literal["text_search", "nearby_search"] = "text_search"
    """By the words of the query, or whatever is near the location."""
    max_results: int = 0
    """Places, at most; 0 or more than 20 = 20."""
    list_name: str = ""
    """How the list is headed."""
    location_latitude: float | None = None
    """Degrees north; a nearby_search needs it, a text_search prefers what is near."""
    location_longitude: float | None = None
    """Degrees east."""
    location_radius: float | None = None
    """Metres around the location, 5000 if nothing is said, at most 50000."""
    filter_type: str | None = None
    """Only places of this type, as the provider names it: restaurant, cafe, museum."""
    filter_keyword: str | None = None
    """Only places whose name, address or types have this word."""
    filter_min_rating: float | None = None
    """Only places rated so, 0 to 5, or better; a place without ratings is none of them."""
    filter_min_price: int | None = None
    """Only places of this price level, 0 to 4, or dearer."""
    filter_max_price: int | None = None
    """Only places of this price level or cheaper."""
    filter_open_now: bool | None = None
    """Only places that are open."""
    location: Location | None = None
    """A table with latitude, longitude and radius; the flat keys go before it."""
    filters: Filters | None = None
    """A table with type, keyword, min_rating, min_price, max_price and open_now; the flat keys go before it."""
    language: str = ""
    """Of the answers: en, de."""
    api_key: str = ""
    """Of older files, only as a {placeholder} that nothing fills: keys belong into [workers.places_search]."""


class Search(msgspec.Struct, frozen=True):
    """What is to be searched for, however it was written."""

    query: str
    nearby: bool
    limit: int
    list_name: str
    latitude: float | None
    longitude: float | None
    radius: float
    type: str
    keyword: str
    min_rating: float
    min_price: int | None
    max_price: int | None
    open_now: bool
    language: str

    @property
    def filtered(self) -> bool:
        """Whether places are left out here, so that more of them than wanted have to be asked for."""
        prices = self.min_price is not None or self.max_price is not None
        return bool(self.type or self.keyword or self.min_rating or prices or self.open_now)


def search_of(config: PlacesConfig, most: int = MAX_RESULTS) -> Search:
    """The search that a configuration means; ``most`` is the largest number of places."""
    place, filters = config.location or Location(), config.filters or Filters()
    limit = config.max_results if 0 < config.max_results < most else most
    return Search(
        query=" ".join(config.search_query.split()),
        nearby=config.search_type == "nearby_search",
        limit=limit,
        list_name=config.list_name.strip(),
        latitude=_first(config.location_latitude, place.latitude),
        longitude=_first(config.location_longitude, place.longitude),
        radius=_first(config.location_radius, place.radius) or RADIUS_METRES,
        type=(_first(config.filter_type, filters.type) or "").strip(),
        keyword=(_first(config.filter_keyword, filters.keyword) or "").strip(),
        min_rating=_first(config.filter_min_rating, filters.min_rating) or 0.0,
        min_price=_first(config.filter_min_price, filters.min_price),
        max_price=_first(config.filter_max_price, filters.max_price),
        open_now=bool(_first(config.filter_open_now, filters.open_now)),
        language=config.language.strip(),
    )


def config_problems(config: PlacesConfig) -> Iterator[tuple[str, str]]:
    """What is wrong beyond the types: pairs of key and sentence."""
    search = search_of(config)
    if not search.query:
        yield "search_query", 'must say what is looked for, got ""; write search_query = "restaurants near …"'
    if config.max_results < 0:
        yield "max_results", f"must be 0 or more, got {config.max_results}; 0 means {MAX_RESULTS}"
    for name, value, limit in (("latitude", search.latitude, 90), ("longitude", search.longitude, 180)):
        key = _key(config, "location", name)
        other = search.longitude if name == "latitude" else search.latitude
        if value is None and (search.nearby or other is not None):
            why = 'search_type = "nearby_search" needs it' if search.nearby else "the other one is there"
            yield key, f"is missing: {why}; write location_{name} = {-37.9167 if limit == 90 else 145.1833}"
        elif value is not None and not -limit <= value <= limit:
            yield key, f"must be from -{limit} to {limit} degrees, got {value:g}"
    if not 0 < search.radius <= MAX_RADIUS_METRES:
        key = _key(config, "location", "radius")
        yield key, f"must be more than 0 and at most {MAX_RADIUS_METRES:g} metres, got {search.radius:g}"
    if not 0 <= search.min_rating <= 5:
        yield _key(config, "filters", "min_rating"), f"must be from 0 to 5, got {search.min_rating:g}"
    for name in ("min_price", "max_price"):
        price = getattr(search, name)
        if price is not None and not 0 <= price <= 4:
            yield _key(config, "filters", name), f"must be a price level from 0 to 4, got {price}"
    if search.type and not search.type.replace("_", "").isalnum():
        yield (
            _key(config, "filters", "type"),
            f'must be one type such as "restaurant", got {search.type[:80]!r}',
        )
    if config.api_key and not is_placeholder(config.api_key):
        yield "api_key", _KEY_IN_DEFINITION


def _key(config: PlacesConfig, table: str, name: str) -> str:
    """The key under which a value was said, or is to be said."""
    nested = getattr(config, table)
    flat = f"{'location' if table == 'location' else 'filter'}_{name}"
    in_table = nested is not None and getattr(nested, name) is not None and getattr(config, flat) is None
    return f"{table}.{name}" if in_table else flat


def _first(flat: Any, nested: Any) -> Any:
    return flat if flat is not None else nested
