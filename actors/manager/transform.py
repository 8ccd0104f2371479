"""``transform``: a child for each stored HTML document that the step's filters let through, page by page."""

import msgspec

from actors.job import ChildSpec, Page, Step, StepStart
from actors.manager.contract import JobManager
from actors.worker.errors import PermanentError
from actors.worker.transform.config import HTML_TYPES, TransformConfig, TransformTask, problems
from actors.worker.transform.worker import WORKER_TYPE

DOCUMENTS_PER_PAGE = 200


class TransformManager(JobManager):
    """Finds the documents; those saved since the step began, its own among them, are not found."""

    manager_type = "transform"
    config_type = TransformConfig
    child_types = (WORKER_TYPE,)

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        """The next documents.

        Raises:
            PermanentError: the configuration is wrong.
        """
        try:
            config = msgspec.convert(step.step.config, TransformConfig)
            wanted = msgspec.structs.replace(
                config.wanted(step, self.context.clock.wall_ms()), media_types=HTML_TYPES
            )
        except ValueError as error:
            raise PermanentError(f"step {step.step.name!r}: {error}") from error
        found = self.context.stored_documents.find(wanted, cursor, limit=DOCUMENTS_PER_PAGE)
        if not found.documents and cursor is None:
            return Page((self.child(WORKER_TYPE, TransformTask(), name="nothing to transform"),))
        children = [
            self._child(each.id, each.url or each.title or each.source_id, step.definition.base_url)
            for each in found.documents
        ]
        return Page(tuple(children), found.next_cursor)

    def _child(self, document_id: int, name: str, base_url: str) -> ChildSpec:
        task = TransformTask(document_id, base_url)
        return self.child(WORKER_TYPE, task, name=name[:200], unique_key=str(document_id))

    @classmethod
    def problems(cls, step: Step) -> list[tuple[str, str]]:
        """What is wrong with the step's configuration: filters, base URL."""
        return problems(msgspec.convert(step.config, TransformConfig))
