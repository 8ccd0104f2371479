"""``places_search``: one job that asks for the first page; further pages are spawned by it."""

import msgspec

from actors.job import Page, Step, StepStart
from actors.manager.contract import JobManager
from actors.places.config import PlacesConfig, config_problems, search_of
from actors.places.settings import PlacesSettings
from actors.settings import Settings, is_placeholder
from actors.worker.errors import PermanentError
from actors.worker.places_search import WORKER_TYPE, PlacesTask, task_fields


class PlacesSearchManager(JobManager):
    """Names the one job of a search."""

    manager_type = "places_search"
    config_type = PlacesConfig
    child_types = (WORKER_TYPE,)

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        """The job for the first page.

        Raises:
            PermanentError: the configuration is wrong, or this runtime misses what it needs.
        """
        import aiohttp  # noqa: F401 (loaded here, so that no call starts late for it: calls are some time apart)

        config = self._checked(step.step)
        settings = self.context.worker_settings(WORKER_TYPE, PlacesSettings)
        search = search_of(config)
        task = PlacesTask(search.query)
        fields = task_fields(task, settings, nearby=search.nearby)
        return Page((self.child(WORKER_TYPE, task, **fields),))

    @classmethod
    def problems(cls, step: Step) -> list[tuple[str, str]]:
        """What is wrong with the step's configuration: a missing query or location, numbers out of bounds."""
        return list(config_problems(msgspec.convert(step.config, PlacesConfig)))

    @classmethod
    def unmet(cls, step: Step, settings: Settings) -> list[tuple[str, str]]:
        """What is missing here: Google's key, or what OpenStreetMap does not know."""
        config = msgspec.convert(step.config, PlacesConfig)
        own = settings.worker(WORKER_TYPE, PlacesSettings)
        if own.provider != "openstreetmap":
            return [] if own.key else [("api_key", _no_key(config, own))]
        from actors.places.openstreetmap import UNKNOWN

        search = search_of(config)
        return [
            (
                f"filter_{name}",
                (
                    f"OpenStreetMap knows no {missing}: remove filter_{name}, or set another provider in"
                    " [workers.places_search]"
                ),
            )
            for name, missing in UNKNOWN.items()
            if getattr(search, name) not in {None, 0.0}
        ]

    def _checked(self, step: Step) -> PlacesConfig:
        """The configuration of a step that may have been made in code, where nothing has checked it."""
        try:
            config = msgspec.convert(step.config, PlacesConfig)
        except msgspec.ValidationError as error:
            raise PermanentError(f"step {step.name!r}: {error}") from error
        for key, sentence in (*config_problems(config), *self.unmet(step, self.context.resource("settings"))):
            raise PermanentError(f"step {step.name!r}: {key}: {sentence}")
        return config


def _no_key(config: PlacesConfig, settings: PlacesSettings) -> str:
    text = "Google Places needs a key"
    for said in (config.api_key, settings.api_key.reveal()):
        if is_placeholder(said):
            text += f", {said.strip()} is filled by nothing"
            break
    return (
        f'{text}: set api_key_file = "/path/of/key" in [workers.places_search] of quaero.toml, or the variable'
        ' QUAERO_WORKERS__PLACES_SEARCH__API_KEY; or provider = "openstreetmap", which needs none'
    )
