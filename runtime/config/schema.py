"""The sections and keys of ``quaero.toml`` with their types and defaults.

A key that may be left to something else (a worker's own options) is UNSET when nobody says it; that is not the same as
its default. Durations are seconds, fractions allowed. Sections marked "checked only" are read and checked so that one
file serves a later version too; this version does nothing with them, and warns of each.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from actors.supervision import RestartIntensity
from runtime.gateway.settings import GatewaySettings
from runtime.logs.settings import LogFormat, LoggingSettings, LogThreshold
from runtime.settings import RuntimeSettings
from runtime.telemetry.settings import Destination, TelemetrySettings

_DEFAULTS = RuntimeSettings()
_INTENSITY = RestartIntensity()
_GATEWAY = GatewaySettings()
_TELEMETRY = TelemetrySettings()
_LOGGING = LoggingSettings()

Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Seconds = Annotated[float, Meta(ge=0, le=1e9)]
Text = Annotated[str, Meta(min_length=1, max_length=4096)]


class Section(msgspec.Struct, frozen=True, omit_defaults=True):
    """A table of the file."""


class System(Section, frozen=True):
    """``[system]``: what carries the actors."""

    base: Literal["inprocess", "multiprocTCPBase"] = "inprocess"
    """Thespian's system base: this runtime's own. A process for each actor is refused: it can not carry a runtime."""
    grace_seconds: Annotated[
        Seconds, Meta(description="running attempts get this long to end when the runtime stops")
    ] = _DEFAULTS.grace_seconds


class Store(Section, frozen=True):
    """``[store]``: the one file. A relative path begins at the current directory."""

    path: Text = str(_DEFAULTS.store)
    """The SQLite file; made if there is none."""
    synchronous: Annotated[
        Literal["FULL", "NORMAL"],
        Meta(description="FULL survives power loss; NORMAL only the death of processes"),
    ] = "FULL"
    busy_timeout_seconds: Seconds = _DEFAULTS.busy_timeout_seconds
    """How long to wait for another process's write."""
    lease_seconds: Annotated[float, Meta(ge=0.3, le=86400)] = _DEFAULTS.lease_seconds
    """How long a frozen runtime keeps its jobs; those of a dead one are taken over at once."""
    max_lost: Annotated[Count, Meta(description="attempts lost with their runtime before a job fails")] = (
        _DEFAULTS.max_lost
    )
    key_file: str = ""
    """The key that auth records are sealed by, of mode 0600; "" = `auth.key` in the directory `<store>.d`."""


class IoDispatcher(Section, frozen=True):
    """``[dispatchers.io]``: threads for workers that block."""

    threads: Annotated[int, Meta(ge=1, le=1024)] = _DEFAULTS.io_threads
    """At most so many, made when there is work for them."""


class CpuDispatcher(Section, frozen=True):
    """``[dispatchers.cpu]``: processes for workers that compute long, or that may crash."""

    processes: Annotated[int, Meta(ge=0, le=1024)] = _DEFAULTS.cpu_processes
    """At most so many bodies at once, each in a process of its own; 0 = as many as there are processors."""


class Dispatchers(Section, frozen=True):
    """``[dispatchers.*]``."""

    io: IoDispatcher = IoDispatcher()
    cpu: CpuDispatcher = CpuDispatcher()


class Supervision(Section, frozen=True):
    """``[supervision]``: an actor that dies is started again, at most so often within the period."""

    max_restarts: Annotated[int, Meta(ge=0, le=1_000_000)] = _INTENSITY.max_restarts
    """Beyond them a step closes as failed, and the runtime gives up."""
    period_seconds: Annotated[float, Meta(gt=0, le=1e9)] = _INTENSITY.period_seconds
    """The period within which restarts count."""


class Worker(Section, frozen=True):
    """``[workers.<type>]``: overrides the options the worker's code gives; a key left out leaves them.

    Further keys are the worker's own settings.
    """

    slots: Annotated[int, Meta(ge=1, le=100_000)] | UnsetType = UNSET
    """Jobs of this type running at once in one runtime."""
    max_attempts: Annotated[int, Meta(ge=1, le=1000)] | UnsetType = UNSET
    """Attempts of one job altogether."""
    timeout_seconds: Seconds | UnsetType = UNSET
    """Time for one attempt, 0 = no limit."""
    stop_grace_seconds: Seconds | UnsetType = UNSET
    """Time a body gets to end after it was told: of a cancel, a timeout, the runtime's stop."""
    max_abandoned: Annotated[int, Meta(ge=1, le=100_000)] | UnsetType = UNSET
    """Bodies that ignore that and run on, before no more jobs of this type are taken."""
    backoff_seconds: Seconds | UnsetType = UNSET
    """Wait before the second attempt."""
    backoff_multiplier: Annotated[float, Meta(ge=1, le=1000)] | UnsetType = UNSET
    """How much longer each further wait is."""
    max_backoff_seconds: Seconds | UnsetType = UNSET
    """The longest wait."""
    jitter: Annotated[float, Meta(ge=0, le=1)] | UnsetType = UNSET
    """Share of a wait that is drawn at random."""
    dispatcher: Literal["io", "loop", "cpu", "core"] | UnsetType = UNSET
    """Where bodies run: threads, the asyncio loop (`async def` only), processes, or inline (must not block)."""

    def options(self) -> dict[str, Any]:
        """What is set of ``WorkerOptions``."""
        values = msgspec.structs.asdict(self)
        return {key: value for key, value in values.items() if value is not UNSET}


class Modules(Section, frozen=True):
    """``[modules]``: workers and managers of one's own, as "module:name"."""

    workers: tuple[Annotated[str, Meta(pattern="^[^:]+:[^:]+$")], ...] = ()
    """Workers; a module is looked for beside the file first."""
    managers: tuple[Annotated[str, Meta(pattern="^[^:]+:[^:]+$")], ...] = ()
    """Managers."""
    agents: tuple[Annotated[str, Meta(pattern="^[^:]+:[^:]+$")], ...] = ()
    """Agent types."""


class Definitions(Section, frozen=True):
    """``[definitions]``: the job definitions that are known by their ids."""

    directory: str = ""
    """Its `*.toml` files are read when a runtime starts; schedules are set, auto_start is done. "" = none."""
    allow_unknown_actions: bool = False
    """Whether a runtime starts although a definition has an action it has no manager for: another one may have it."""


ProxyAddress = Annotated[
    str, Meta(pattern=r"^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$", description="an address or a network")
]


class GatewayToken(Section, frozen=True):
    """``[gateway.tokens.<name>]``: a token that is accepted; ``quaero token`` makes one."""

    sha256: Annotated[str, Meta(pattern="^[0-9a-fA-F]{64}$", description="hash of the token's text")]
    role: Annotated[Literal["read", "operate"], Meta(description="read looks; operate changes too")] = (
        "operate"
    )


class Gateway(Section, frozen=True):
    """``[gateway]``: the HTTP API of ``quaero serve``."""

    host: Text = _GATEWAY.host
    """Address to listen on; one that others reach is refused without a token."""
    port: Annotated[int, Meta(ge=0, le=65535)] = _GATEWAY.port
    """Port to listen on; 0 = any that is free."""
    tokens: dict[str, GatewayToken] = {}
    """By name. Without any, whoever reaches the address may do everything."""
    allowed_hosts: tuple[Text, ...] = ()
    """Names in the Host header besides the address itself and loopback; "*" = any."""
    allowed_origins: tuple[Text, ...] = ()
    """Other origins whose pages may call it, as "https://ops.example.com"."""
    secure_cookies: bool = False
    """Behind TLS: the page's cookie is sent over nothing else."""
    trusted_proxies: tuple[ProxyAddress, ...] = ()
    """Proxies whose word is taken for who the client is (X-Forwarded-For), as "127.0.0.1" or "10.0.0.0/8"."""


class Telemetry(Section, frozen=True):
    """``[telemetry]``: traces and metrics by OpenTelemetry, extra `otel`. Variables `OTEL_*` go before these keys."""

    traces: Destination = _TELEMETRY.traces
    """Spans of runs, steps and attempts: `otlp` sends them, `host` gives them to what the embedding service set up."""
    metrics: Destination = _TELEMETRY.metrics
    """The numbers of `/metrics`, and how long attempts take; the same."""
    endpoint: Annotated[str, Meta(pattern="^(https?://[^/].*)?$")] = _TELEMETRY.endpoint
    """Base URL of an OTLP/HTTP receiver; "" = http://localhost:4318. Headers are said by OTEL_EXPORTER_OTLP_HEADERS."""
    service_name: Text = _TELEMETRY.service_name
    """What sends, as the receiver shows it."""
    sample_ratio: Annotated[float, Meta(ge=0, le=1)] = _TELEMETRY.sample_ratio
    """Share of the runs that are traced, 1 = all; one that is submitted inside a span is traced as that is."""
    metrics_interval_seconds: Annotated[float, Meta(ge=0.1, le=86400)] = _TELEMETRY.metrics_interval_seconds
    """How often metrics are sent."""


class Logging(Section, frozen=True):
    """``[logging]``: the log of `quaero run`, `work` and `serve` on stderr; a service's own is left alone."""

    format: LogFormat = _LOGGING.format
    """A line for people, or a JSON object."""
    level: LogThreshold = _LOGGING.level
    """The least that is told."""


class Retention(Section, frozen=True):
    """``[retention]``: how long ended runs and events are kept, 0 = for ever. Looked at every hour."""

    completed_days: Annotated[float, Meta(ge=0, le=36_500)] = 0
    """Runs that ended `completed`, in days after their end; documents stay."""
    failed_days: Annotated[float, Meta(ge=0, le=36_500)] = 0
    """Runs that ended in any other way."""
    events_days: Annotated[float, Meta(ge=0, le=36_500)] = 0
    """Events; a reader that comes back later than that is told that it missed some."""
    deliveries_days: Annotated[float, Meta(ge=0, le=36_500)] = 7
    """Runs that deliver to webhooks, however they ended."""


class Config(Section, frozen=True):
    """All of ``quaero.toml``."""

    system: System = System()
    store: Store = Store()
    dispatchers: Dispatchers = Dispatchers()
    supervision: Supervision = Supervision()
    workers: dict[str, Worker] = {}
    managers: dict[str, dict[str, Any]] = {}
    """The settings of the manager that carries out the action."""
    modules: Modules = Modules()
    definitions: Definitions = Definitions()
    gateway: Gateway = Gateway()
    telemetry: Telemetry = Telemetry()
    logging: Logging = Logging()
    webhooks: dict[str, dict[str, Any]] = {}
    """Where events are sent."""
    integrations: dict[str, dict[str, Any]] = {}
    """Message brokers. Checked only."""
    retention: Retention = Retention()


SECTIONS = frozenset(field.encode_name for field in msgspec.structs.fields(Config))
