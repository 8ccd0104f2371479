"""``agent``: one job for each stored document that the step's filters let through, page by page."""

import msgspec

from actors.agent.config import AgentConfig, config_problems
from actors.agent.registry import agent_types_of
from actors.agent.settings import AgentSettings
from actors.ids import id_text
from actors.job import Page, Step, StepStart
from actors.manager.contract import JobManager
from actors.settings import Settings, is_placeholder
from actors.worker.agent import WORKER_TYPE, AgentTask, needs_model
from actors.worker.errors import PermanentError

PAGE = 100
"""Documents of one page."""


class AgentManager(JobManager):
    """Names one child per document, each once. Documents that come later are none of the step's."""

    manager_type = "agent"
    config_type = AgentConfig
    child_types = (WORKER_TYPE,)

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        """The jobs for the next documents; none at all is no error.

        Raises:
            PermanentError: the configuration is wrong, or this runtime misses what the agent type needs.
        """
        config = self._checked(step.step)
        settings = self.context.worker_settings(WORKER_TYPE, AgentSettings)
        found = self.context.stored_documents.find(
            config.wanted(step, self.context.clock.wall_ms()), cursor, limit=PAGE
        )
        children = tuple(
            self.child(
                WORKER_TYPE,
                AgentTask(
                    config.agent_type, id_text(each.id), each.title[:200], each.url or "", each.source_type
                ),
                name=f"Agent: {config.agent_type} (document: {id_text(each.id)})",
                unique_key=id_text(each.id),
                depth=1,
                rate_key=settings.rate_key,
                rate_ms=settings.rate_ms,
            )
            for each in found.documents
        )
        return Page(children, next_cursor=found.next_cursor)

    @classmethod
    def problems(cls, step: Step) -> list[tuple[str, str]]:
        """What is wrong with the step's configuration: numbers, times, names, a key where none belongs."""
        return list(config_problems(msgspec.convert(step.config, AgentConfig)))

    @classmethod
    def unmet(cls, step: Step, settings: Settings) -> list[tuple[str, str]]:
        """What is missing here: the agent type, a library, a key."""
        config = msgspec.convert(step.config, AgentConfig)
        types = agent_types_of(settings)
        wanted = types.get(config.agent_type)
        if wanted is None:
            return [("agent_type", types.unknown(config.agent_type))]
        own = settings.worker(WORKER_TYPE, AgentSettings)
        if own.backend == "embedded" or not wanted.has_instructions:
            if wanted.function is None:
                return [("agent_type", needs_model(config.agent_type))]
            missing = wanted.missing()
            if missing is not None:
                text = f"{config.agent_type} needs {missing}, which is not installed"
                return [("agent_type", f"{text}: pip install 'quaero-runtime[agent]'")]
            return []
        return [("api_key", _no_key(config, own))] if own.requires_key and not own.key else []

    def _checked(self, step: Step) -> AgentConfig:
        """The configuration of a step that may have been made in code, where nothing has checked it."""
        try:
            config = msgspec.convert(step.config, AgentConfig)
        except msgspec.ValidationError as error:
            raise PermanentError(f"step {step.name!r}: {error}") from error
        for key, sentence in (*config_problems(config), *self.unmet(step, self.context.resource("settings"))):
            raise PermanentError(f"step {step.name!r}: {key}: {sentence}")
        return config


def _no_key(config: AgentConfig, settings: AgentSettings) -> str:
    text = f"the {settings.backend} back end needs a key"
    for said in (config.api_key, settings.api_key.reveal()):
        if is_placeholder(said):
            text += f", {said.strip()} is filled by nothing"
            break
    return (
        f'{text}: set api_key_file = "/path/of/key" in [workers.agent] of quaero.toml, or the variable'
        ' QUAERO_WORKERS__AGENT__API_KEY; or backend = "embedded", which needs none'
    )
