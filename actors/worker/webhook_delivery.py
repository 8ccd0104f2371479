"""``webhook_delivery``: sends one event to one webhook, as often as it takes.

Delivered is what was answered with 2xx; anything else is tried again, over a day, since receivers are moved and their
secrets set by people. 410 says that nothing is wanted there any more: the webhook is disabled. What waits for a
webhook that is disabled or removed is cancelled; a retry of its run sends it after all.
"""

import msgspec

from actors.webhooks.target import TargetError, TargetSource
from actors.webhooks.webhook import DELIVERY, Delivery
from actors.worker.context import JobContext
from actors.worker.contract import Cancel
from actors.worker.decorator import worker
from actors.worker.errors import PermanentError, RetryableError

GONE = 410


class Delivered(msgspec.Struct, frozen=True):
    """What became of it."""

    status: int
    elapsed_ms: int


@worker(
    DELIVERY,
    dispatcher="loop",
    slots=32,
    max_attempts=12,
    backoff_seconds=5.0,
    backoff_multiplier=3.0,
    max_backoff_seconds=21_600.0,
    spawns=False,
)
async def webhook_delivery(payload: Delivery, context: JobContext) -> Delivered | Cancel:
    """Send it; the message has the same id with every attempt, and is signed anew with the time of this one."""
    from actors.webhooks.post import NoAnswerError, post
    from actors.webhooks.signature import SecretError

    source: TargetSource = context.resource("webhooks")
    name = payload.webhook
    try:
        target = await source.target(name)
    except TargetError as error:
        raise RetryableError(f"webhook {name!r}: {error}") from error
    if target is None:
        return Cancel(f"there is no webhook {name!r} any more")
    if not target.enabled:
        return Cancel(f"webhook {name!r} is disabled{f': {target.reason}' if target.reason else ''}")
    try:
        answer = await post(target, payload.message_id, bytes(payload.event), context.clock)
    except NoAnswerError as error:
        if error.private:
            raise PermanentError(f"webhook {name!r}: {error}; allow_private_addresses allows it") from error
        raise RetryableError(f"webhook {name!r}: {error}") from error
    except SecretError as error:
        raise PermanentError(f"webhook {name!r}: its secret {error}") from error
    if answer.accepted:
        return Delivered(answer.status, answer.elapsed_ms)
    said = f"webhook {name!r}: it answered {answer.status}{f': {answer.words}' if answer.words else ''}"
    if answer.status == GONE:
        await source.disable(name, "it answered 410: it wants no more")
        raise PermanentError(f"{said}; the webhook is disabled")
    if 300 <= answer.status < 400:
        said += "; redirects are not followed: set the webhook's url to where it is now"
    raise RetryableError(said, retry_after_seconds=answer.retry_after_seconds)
