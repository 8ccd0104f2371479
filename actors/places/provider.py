"""Whom a search asks: one call, whoever is configured, with what went wrong as errors that say what to do."""

import msgspec

from actors.places import google, google_legacy, openstreetmap
from actors.places.config import Search
from actors.places.place import PlacePage
from actors.places.settings import PlacesSettings
from actors.remote import Request, Response, exchange, refusal
from actors.seams import Clock

_KEY = (
    "see that api_key in [workers.places_search] (or QUAERO_WORKERS__PLACES_SEARCH__API_KEY) is valid and may use the"
    " API"
)
_POLICY = "see its usage policy, and set user_agent in [workers.places_search] to who you are"
_URL = "see that base_url in [workers.places_search] is right"


async def ask(search: Search, settings: PlacesSettings, token: str, clock: Clock) -> PlacePage:
    """One page of places, not filtered yet.

    Args:
        search: what is searched for.
        settings: whom to ask.
        token: of the page, "" for the first.
        clock: reads dates of ``Retry-After``.

    Raises:
        RetryableError: what went wrong may pass with time.
        PermanentError: it will not; the message says what to do.
    """
    request = request_of(search, settings, token)
    response = await exchange(request, clock)
    if not 200 <= response.status < 300:
        keyless = settings.provider == "openstreetmap"
        words = _POLICY if keyless else _KEY
        advice = {400: "" if keyless else _KEY, 401: words, 403: words, 404: _URL, 405: _URL}
        raise refusal(request, response, _said(response), advice=advice)
    if settings.provider == "google":
        return google.page(request, response)
    if settings.provider == "google_legacy":
        return google_legacy.page(request, response)
    return openstreetmap.page(request, response, search)


def request_of(search: Search, settings: PlacesSettings, token: str = "") -> Request:
    """The request for a page."""
    if settings.provider == "google":
        return google.request(search, settings, token)
    if settings.provider == "google_legacy":
        return google_legacy.request(search, settings, token)
    return openstreetmap.request(search, settings)


def _said(response: Response) -> str:
    """The service's own words for a status that is no success."""
    try:
        body = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = response.body[:300].decode(errors="replace")
        return "" if "<" in text else text
    error = body.get("error", body.get("error_message", "")) if isinstance(body, dict) else ""
    if isinstance(error, dict):
        status, message = str(error.get("status", "")), str(error.get("message", ""))
        return f"{status}: {message}" if status else message
    return str(error)
