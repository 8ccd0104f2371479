"""``[workers.places_search]``: whom to ask for places, with which key, and how often."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from actors.places.config import MAX_RESULTS
from actors.settings import Secret, is_placeholder

BASE_URLS = {
    "google": "https://places.googleapis.com/v1",
    "google_legacy": "https://maps.googleapis.com/maps/api/place",
    "openstreetmap": "https://nominatim.openstreetmap.org",
}
MARGIN_MS = 100
"""Added to the time between calls: a call is made some milliseconds after its job was leased, sooner or later."""


class PlacesSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``[workers.places_search]``: whom to ask for places."""

    provider: Literal["google", "google_legacy", "openstreetmap"] = "google"
    """`google`: Places API (New); `google_legacy`: the one before; `openstreetmap`: Nominatim and Overpass, no key."""
    base_url: str = ""
    """The API up to `/places:searchText`, `/textsearch/json` or `/search`; empty = the provider's own."""
    overpass_url: str = "https://overpass-api.de/api/interpreter"
    """Of `openstreetmap`: who is asked for what is nearby."""
    api_key: Secret = Secret()
    """Google's key, secret; `api_key_file` names a file that holds it. A {placeholder} counts as none."""
    seconds_between_calls: Annotated[float, Meta(ge=0, le=86_400)] = 1.0
    """Between two calls to one host, over all jobs, runs and runtimes on the store."""
    max_results_per_search: Annotated[int, Meta(ge=1, le=60)] = MAX_RESULTS
    """Places of one search, at most, whatever the step says."""
    request_timeout_seconds: Annotated[float, Meta(gt=0, le=86_400)] = 30
    """Time for one call."""
    max_response_bytes: Annotated[int, Meta(ge=1024, le=100_000_000)] = 4_194_304
    """A longer response is refused."""
    user_agent: str = "Quaero (+places_search)"
    """How the calls introduce themselves; OpenStreetMap asks for a name and an address to complain to."""

    def __post_init__(self) -> None:
        for name in ("base_url", "overpass_url"):
            url = getattr(self, name)
            parts = urlsplit(url)
            if url and not (parts.scheme in {"http", "https"} and parts.hostname and not parts.query):
                raise ValueError(f"{name} must be http://host/path or https://host/path, got {url[:200]!r}")

    @property
    def endpoint(self) -> str:
        """The base URL in force, without a slash at its end."""
        return (self.base_url or BASE_URLS[self.provider]).rstrip("/")

    @property
    def key(self) -> Secret:
        """The key, empty if there is none: a placeholder that nothing has filled is none."""
        return Secret() if is_placeholder(self.api_key.reveal()) else self.api_key

    def rate_key(self, *, nearby: bool) -> str:
        """Calls to one host share it."""
        url = self.overpass_url if nearby and self.provider == "openstreetmap" else self.endpoint
        host = urlsplit(url).netloc.rpartition("@")[2].lower()
        return f"places {host}" if self.seconds_between_calls else ""

    @property
    def rate_ms(self) -> int:
        """The least time from one job's start to the next one's."""
        return round(self.seconds_between_calls * 1000) + MARGIN_MS if self.seconds_between_calls else 0
