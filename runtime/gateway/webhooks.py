"""Routes of webhooks: where events are sent. A secret is answered when it is made, and never again."""

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import Controller, delete, get, post, put
from litestar.params import FromQuery, JSONBody
from msgspec import Meta

from actors.webhooks.webhook import Level
from runtime.embedding import Runtime
from runtime.gateway.asking import id_parameter, page_size, states_of, typed
from runtime.gateway.given import After, Limit, PathText, States, TheRuntime
from runtime.gateway.objects import JobObject, JobsPage
from runtime.gateway.problem import BadRequestError, NotFoundError
from runtime.store.reading.deliveries import DeliveryFilter
from runtime.webhooks import KEEP_HOURS, WebhookSet, WrongWebhookError


class WebhookBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a webhook is to be."""

    url: str
    events: tuple[str, ...] = ()
    definitions: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    level: Level = Level.ALL
    enabled: bool = True
    timeout_seconds: Annotated[float, Meta(ge=1, le=60)] = 15.0
    concurrency: Annotated[int, Meta(ge=1, le=32)] = 4
    allow_private_addresses: bool = False


class Tested(msgspec.Struct, frozen=True):
    """What a receiver answered to a test."""

    name: str
    accepted: bool
    status: int
    elapsed_ms: int
    answer: str


class WebhooksController(Controller):
    """``/api/webhooks``."""

    path = "/api/webhooks"
    tags = ("webhooks",)

    @get(summary="List the webhooks", sync_to_thread=True)
    def list_webhooks(self, runtime: TheRuntime) -> list[dict[str, Any]]:
        """With what became of their deliveries, as far as those are kept: how many, the last one, the last failure."""
        return runtime.reader.webhooks_with_last()

    @get("/{name:str}/deliveries", summary="List the deliveries of a webhook", sync_to_thread=True)
    def deliveries(
        self,
        name: PathText,
        runtime: TheRuntime,
        states: States = "",
        after: After = None,
        limit: Limit = 50,
    ) -> JobsPage:
        """The newest first: each a job, with its attempts and what was answered to them."""
        _existing(runtime, name)
        size = page_size(limit)
        wanted = DeliveryFilter(states_of(states), id_parameter(after, "after"), size + 1)
        found = runtime.reader.deliveries(name, wanted)
        page = typed(found[:size], list[JobObject])
        return JobsPage(page, page[-1].id if len(found) > size else None)

    @put("/{name:str}", status_code=200, summary="Send the events from now on", sync_to_thread=True)
    def set_webhook(self, name: PathText, data: JSONBody[WebhookBody], runtime: TheRuntime) -> WebhookSet:
        """In place of an older one of its name, which keeps its secret; a new one's secret is in the answer."""
        said = {field: getattr(data, field) for field in data.__struct_fields__ if field != "url"}
        try:
            return runtime.set_webhook(name, data.url, **said)
        except WrongWebhookError as error:
            raise BadRequestError(str(error), error.key) from error

    @post("/{name:str}/rotate", status_code=200, summary="Give it a new secret", sync_to_thread=True)
    def rotate(
        self, name: PathText, runtime: TheRuntime, keep_hours: FromQuery[float] = KEEP_HOURS
    ) -> WebhookSet:
        """The old one signs besides for so many hours."""
        _existing(runtime, name)
        try:
            return runtime.rotate_webhook(name, keep_hours=keep_hours)
        except WrongWebhookError as error:
            raise BadRequestError(str(error), error.key) from error

    @post("/{name:str}/test", status_code=200, summary="Send a test message now")
    async def test(self, name: PathText, runtime: TheRuntime) -> Tested:
        """Once, whether it is enabled or not."""
        await asyncio.to_thread(_existing, runtime, name)
        answer = await runtime.test_webhook_async(name)
        return Tested(name, answer.accepted, answer.status, answer.elapsed_ms, answer.words)

    @post("/{name:str}/disable", status_code=200, summary="Send it nothing", sync_to_thread=True)
    def disable(self, name: PathText, runtime: TheRuntime) -> dict[str, Any]:
        """Until it is enabled; what waits for it is cancelled."""
        _existing(runtime, name)
        return {"name": name, "enabled": False, "changed": runtime.disable_webhook(name)}

    @post(
        "/{name:str}/enable", status_code=200, summary="Send it the events from now on", sync_to_thread=True
    )
    def enable(self, name: PathText, runtime: TheRuntime) -> dict[str, Any]:
        """What it missed meanwhile is not sent."""
        _existing(runtime, name)
        return {"name": name, "enabled": True, "changed": runtime.enable_webhook(name)}

    @delete("/{name:str}", status_code=204, summary="Forget a webhook", sync_to_thread=True)
    def remove(self, name: PathText, runtime: TheRuntime) -> None:
        """What waits for it is cancelled."""
        _existing(runtime, name)
        runtime.remove_webhook(name)


def _existing(runtime: Runtime, name: str) -> None:
    if runtime.reader.webhook(name) is None:
        raise NotFoundError(f"there is no webhook {name!r:.200}")
