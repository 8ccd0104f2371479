"""``reindex``: one child that makes the search index anew."""

import msgspec

from actors.job import Page, StepStart
from actors.manager.contract import JobManager
from actors.worker.errors import PermanentError
from actors.worker.reindex import WORKER_TYPE, ReindexTask


class ReindexConfig(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the search index is made anew."""

    dry_run: bool = False
    """Whether to tell only how the index differs from the documents, and change nothing."""


class ReindexManager(JobManager):
    """Names the one job."""

    manager_type = "reindex"
    config_type = ReindexConfig
    child_types = (WORKER_TYPE,)
    dispatcher = "core"

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        """The one job.

        Raises:
            PermanentError: the configuration is wrong.
        """
        try:
            config = msgspec.convert(step.step.config, ReindexConfig)
        except msgspec.ValidationError as error:
            raise PermanentError(f"step {step.step.name!r}: {error}") from error
        return Page((self.child(WORKER_TYPE, ReindexTask(config.dry_run), unique_key=WORKER_TYPE),))
