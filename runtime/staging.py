"""The children of a fan-out on their way to the store: pages of rows, encoded where they come from."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from actors.ids import IdSource
from actors.job import JobDefinition
from actors.messages import StagedPage, StagePage, Submit
from runtime.store.checksum import job_checksum

PAGE = 1000
"""Children in one staged page."""


class FanOut:
    """One run with one step whose children are staged page by page, and then submitted whole."""

    def __init__(self, run_id: int, step_id: int, definition: JobDefinition) -> None:
        self.run_id = run_id
        self.step_id = step_id
        self.definition = definition
        self._pages = 0
        self._only: StagedPage | None = None

    def __repr__(self) -> str:
        return f"<FanOut(run={self.run_id}, pages={self._pages})>"

    def pages(self, ids: IdSource, payloads: Iterable[Any]) -> Iterator[StagePage]:
        """What has to be staged before the submission, page by page as the payloads come.

        Raises:
            TypeError: a payload can not be written as JSON.
        """
        job_type = self.definition.steps[0].config["job_type"]
        iterator = iter(payloads)
        while chunk := list(islice(iterator, PAGE)):
            rows = []
            for child_id, payload in zip(ids.block(len(chunk)), chunk, strict=True):
                text = msgspec.json.encode(payload).decode()
                rows.append((child_id, text, job_checksum(child_id, self.step_id, job_type, text), None))
            if self._only is not None:
                yield StagePage(self.run_id, self._only)
                self._only = None
            page = StagedPage(self._pages, msgspec.json.encode(rows), len(rows))
            self._pages += 1
            if page.number == 0:
                self._only = page  # it may be the only one, and then goes with the submission
            else:
                yield StagePage(self.run_id, page)

    def submission(self, key: str | None) -> Submit:
        """What makes the pages a run, once those that were staged are durable."""
        step = self.definition.steps[0]
        step = msgspec.structs.replace(step, config={**step.config, "pages": self._pages})
        definition = msgspec.structs.replace(self.definition, steps=(step,))
        return Submit(definition, self.run_id, (self.step_id,), key, self._only)
