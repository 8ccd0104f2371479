"""The keys of a definition file and of a step in it, with their types: the file's own shape, before it is normalised.

The JSON schema that ``quaero schema`` prints is made of these.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from actors.job import ErrorTolerance, FailureAction

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Duration = Annotated[
    int | float | str, Meta(description='a number of seconds, or text like "30m", "1h30m"', examples=["30m"])
]
Natural = Annotated[int, Meta(ge=0)]


class ToleranceKeys(msgspec.Struct, frozen=True, omit_defaults=True):
    """``[error_tolerance]``: how many children of a step may fail, and what happens then."""

    max_child_failures: Natural = 0
    """So many failures use it up; 0 = any number is borne."""
    max_failure_ratio: Annotated[float, Meta(ge=0, le=1)] = 0.0
    """Such a share of the ended children uses it up; 0 = any share is borne."""
    min_finished: Natural = 10
    """The share is looked at from so many ended children on."""
    failure_action: FailureAction = FailureAction.STOP_ALL
    """The step closes as failed, goes on, or goes on with a warning."""

    def tolerance(self) -> ErrorTolerance:
        """The same as the runtime's noun."""
        return msgspec.convert(msgspec.structs.asdict(self), ErrorTolerance)


class DefinitionKeys(msgspec.Struct, frozen=True, omit_defaults=True):
    """The keys at a file's top, beside its steps."""

    id: Name
    """Names the definition."""
    name: Name
    """What people see."""
    description: str = ""
    """For people."""
    tags: tuple[str, ...] = ()
    """Given to every document."""
    enabled: bool = True
    """Whether it may be run."""
    auto_start: bool = False
    """Run when a runtime starts that knows it from its directory of definitions, unless a run of it goes on."""
    schedule: Annotated[str, Meta(description='five-field cron, "" = none', examples=["0 3 * * *"])] = ""
    """Set by a runtime that knows it from its directory of definitions, or by `quaero schedule`."""
    time_zone: Annotated[str, Meta(description='of the schedule, "" = UTC', examples=["Europe/Berlin"])] = ""
    timeout: Duration = 0
    """Of the run, from its beginning, a number of seconds or text like "30m"; 0 = none."""
    priority: Annotated[int, Meta(ge=-1_000_000, le=1_000_000, description="lower goes first")] = 0
    source_type: str = ""
    """Kind of the documents, for steps that say none."""
    base_url: str = ""
    """Address of the system that `source_type` names."""
    auth_id: str = ""
    """The auth record that crawls log in with, as `quaero auth add` names it; "" = none."""
    pre_jobs: tuple[Name, ...] = ()
    """Ids of definitions whose runs must complete before this one starts."""
    post_jobs: tuple[Name, ...] = ()
    """Ids of definitions that are run after this one, if it completes."""
    error_tolerance: ToleranceKeys | None = None
    """For steps that have none of their own, see below."""
    config: Annotated[dict[str, Any], Meta(description="variables: {config.x} in a step's texts")] = {}


class StepKeys(msgspec.Struct, frozen=True, omit_defaults=True):
    """The keys of a step that are not its action's configuration."""

    depends: Annotated[tuple[Name, ...] | str, Meta(description="names of steps that must have ended")] = ()
    on_error: Literal["fail", "continue", "retry"] = "fail"
    """When the step fails: the run fails, goes on, or fails after more attempts of each job."""
    description: str = ""
    """For people."""
    enabled: bool = True
    """If not, the step ends completed as skipped."""
    condition: Annotated[
        str | None,
        Meta(
            description="over earlier steps; false = the step is skipped",
            examples=["crawl.completed > 0 and crawl.failed == 0"],
        ),
    ] = None
    timeout: Duration = 0
    """Of the step, from its beginning, a number of seconds or text like "30m"; 0 = none."""
    concurrency: Annotated[int, Meta(ge=0, le=100_000, description="jobs running at once, 0 = no limit")] = 0
    max_retries: Annotated[
        int, Meta(ge=0, le=1000, description="on_error = retry: more attempts per job")
    ] = 3
    initial_backoff: Duration = 0
    """`on_error = "retry"`: wait before a job's second attempt, seconds or text like "2s"; 0 = the job type's."""
    max_backoff: Duration = 0
    """The longest such wait; 0 = the job type's."""
    backoff_multiplier: Annotated[float, Meta(ge=0, le=1000)] = 0.0
    """How much longer each further wait is; 0 = the job type's."""
    error_tolerance: ToleranceKeys | None = None
    """Instead of the definition's."""


def field_names(struct: type[msgspec.Struct]) -> frozenset[str]:
    """The keys of a Struct as a file writes them."""
    return frozenset(field.encode_name for field in msgspec.structs.fields(struct))


DEFINITION_KEYS = field_names(DefinitionKeys)
STEP_KEYS = field_names(StepKeys)
RETRY_KEYS = frozenset({"max_retries", "initial_backoff", "max_backoff", "backoff_multiplier"})
"""Keys of a step that mean something with ``on_error = "retry"`` alone."""
SELECTORS = frozenset({"action", "type", "name", "config"})
"""Further keys of a step: what selects its action, its name in ``[[steps]]``, its nested configuration."""

CRAWL_KEYS = frozenset(
    {
        "start_urls",
        "max_depth",
        "max_pages",
        "concurrency",
        "follow_links",
        "include_patterns",
        "exclude_patterns",
        "rate_limit",
    }
)
"""Keys that a flat crawler file has at its top."""

INERT_DEFINITION_KEYS = frozenset(
    {
        "authentication",
        "cache",
        "cache_hours",
        "cache_type",
        "created_at",
        "extension",
        "job_type",
        "meta",
        "output_tags",
        "toml",
        "type",
        "updated_at",
        "url_patterns",
        "validation_at",
        "validation_error",
        "validation_status",
    }
)
"""Keys that real files have at their top and that mean nothing here: accepted in silence."""

INERT_STEP_KEYS = frozenset({"always_run"})
"""The same of a step."""

ACTION_OF_TYPE = {"crawler": "crawl"}
"""Actions that older files name otherwise."""
