"""The tables as peewee models. They are bound to no database: every query names the one it runs on.

Hot statements are hand-written SQL in ``verbs``; these models serve reading and document the schema, which a test
compares with ``schema.py``. Times are Unix milliseconds, but for leases, which use CLOCK_BOOTTIME milliseconds.
"""

from peewee import (
    AutoField,
    BigIntegerField,
    BlobField,
    CompositeKey,
    IntegerField,
    Model,
    TextField,
)

from runtime.store.document_models import (
    Document,
    DocumentMemo,
    DocumentSave,
    SearchBuild,
    SearchEntry,
    SearchQueue,
)


class Job(Model):
    """A run, a step or a job: one row for each node of the job tree."""

    id = BigIntegerField(primary_key=True)
    root_id = BigIntegerField()  # the run
    parent_id = BigIntegerField(null=True)  # a step's run, a job's step
    kind = TextField()
    type = TextField()  # a run's definition id, a step's action, a job's worker type
    name = TextField(null=True)
    state = TextField()
    attempt = IntegerField()
    max_attempts = IntegerField()
    lost = IntegerField()  # attempts given back because their runtime died
    priority = IntegerField()
    depth = IntegerField()
    epoch = IntegerField()
    lane_id = IntegerField(null=True)  # negative while the job is paused: out of the lane of that number
    spawned_by = BigIntegerField(null=True)
    unique_key = TextField(null=True)
    payload = TextField()
    crc = IntegerField()  # over id, parent_id, type and payload
    not_before = BigIntegerField(null=True)
    backoff_ms = IntegerField()
    owner = IntegerField(null=True)
    token = BigIntegerField()
    lease_expires = BigIntegerField(null=True)
    created_at = BigIntegerField()
    started_at = BigIntegerField(null=True)
    finished_at = BigIntegerField(null=True)
    result = TextField(null=True)
    error = TextField(null=True)
    cancel_reason = TextField(null=True)  # of a running job that is to end
    errors = TextField(null=True)  # JSON, the last few AttemptErrors
    trace_context = TextField(null=True)

    class Meta:
        table_name = "job"


class Parent(Model):
    """What the decisions about a run or a step need, in a narrow row that is written once per commit."""

    id = BigIntegerField(primary_key=True)
    run_id = BigIntegerField()
    kind = TextField()
    state = TextField()  # as in job, written with it
    action = TextField()
    priority = IntegerField()
    total = IntegerField()
    scheduled = IntegerField()
    pending = IntegerField()
    running = IntegerField()
    completed = IntegerField()
    failed = IntegerField()
    cancelled = IntegerField()
    open_steps = IntegerField()  # runs only
    waiting = IntegerField()  # unended dependencies
    named = IntegerField()  # all children are known
    cursor = TextField(null=True)  # where the next page begins
    naming = TextField()  # idle, ready, leased
    naming_owner = IntegerField(null=True)
    naming_attempt = IntegerField()
    naming_at = BigIntegerField()  # not before
    token = BigIntegerField()
    served = BigIntegerField()
    closing = TextField(null=True)
    reason = TextField(null=True)
    paused = IntegerField()  # bits: 1 = itself, 2 = a step's run
    max_children = IntegerField()
    concurrency = IntegerField()
    by_level = IntegerField()  # no child starts while a shallower one runs
    timeout_ms = IntegerField()  # 0 = none
    deadline = BigIntegerField(null=True)  # set when it begins to run, gone when it ends
    on_error = TextField()
    max_retries = IntegerField()
    tolerance = TextField(null=True)
    warned = IntegerField()

    class Meta:
        table_name = "parent"


class Lane(Model):
    """The pending children of one parent, type and rate key: what leasing chooses among."""

    id = AutoField()
    parent_id = BigIntegerField()
    type = TextField()
    rate_key = TextField()
    rate_ms = IntegerField()
    priority = IntegerField()
    pending = IntegerField()
    served = BigIntegerField()
    not_before = BigIntegerField()
    ready = IntegerField()

    class Meta:
        table_name = "lane"


class Dependency(Model):
    """A step that waits for another, or for another run."""

    step_id = BigIntegerField()
    needs_id = BigIntegerField()
    role = TextField(default="step")

    class Meta:
        table_name = "dependency"
        primary_key = CompositeKey("step_id", "needs_id")


class Rate(Model):
    """When a job of this rate key was started last, whichever run it belongs to."""

    key = TextField(primary_key=True)
    started_at = BigIntegerField()
    longest_ms = IntegerField()  # the longest rate that was asked for

    class Meta:
        table_name = "rate"


class Schedule(Model):
    """When a definition is submitted by itself, with all that it links."""

    id = TextField(primary_key=True)  # the definition's
    cron = TextField()
    time_zone = TextField()
    next_at = BigIntegerField()
    set_at = BigIntegerField()  # when next_at was found; later than now, the clock was set back
    paused = IntegerField()
    error = TextField(null=True)  # why it can not fire any more
    last_run_id = BigIntegerField(null=True)
    last_fired_at = BigIntegerField(null=True)
    origin = TextField()  # a directory of definitions, or "" for a service or a command
    crc = IntegerField()  # over id, cron, time_zone and definitions
    definitions = TextField()  # JSON: the definition, and after it all that run before or after it


class PausedType(Model):
    """A worker type of which nothing new is leased, by any runtime; ``sequence.paused_types`` counts the rows."""

    type = TextField(primary_key=True)
    paused_at = BigIntegerField()

    class Meta:
        table_name = "paused_type"


class SubmitKey(Model):
    """The run that a submit key stands for."""

    key = TextField(primary_key=True)
    run_id = BigIntegerField()
    ended_at = BigIntegerField(null=True)  # of a run that retention has deleted; else the run's row tells
    fingerprint = TextField(null=True)  # of the request it came with; null = any is taken for the same

    class Meta:
        table_name = "submit_key"


class Deletion(Model):
    """A deleted run or step whose rows are still to be erased. Of a run also its steps are here."""

    id = BigIntegerField(primary_key=True)

    class Meta:
        table_name = "deletion"


class StagedPage(Model):
    """Children handed over with a submit, until the step has named them."""

    run_id = BigIntegerField()
    number = IntegerField()
    owner = IntegerField()
    children = IntegerField()
    rows = BlobField()

    class Meta:
        table_name = "staged_page"
        primary_key = CompositeKey("run_id", "number")


class Owner(Model):
    """A runtime that holds, or held, leases on this store."""

    id = AutoField()
    boot_id = TextField()
    heartbeat = BigIntegerField()
    started_at = BigIntegerField()
    pid = IntegerField()
    host = TextField()
    offers = TextField(null=True)  # JSON, see offers.py; null: it takes no work

    class Meta:
        table_name = "owner"


class EventBatch(Model):
    """The events of one commit; ``batch`` is msgpack, see ``events.py``."""

    first_seq = BigIntegerField(primary_key=True)
    last_seq = BigIntegerField()
    time_ms = BigIntegerField()
    batch = BlobField()

    class Meta:
        table_name = "event_batch"


class LogEntry(Model):
    """A line of a job's log; the id is sort key and cursor."""

    id = AutoField()
    run_id = BigIntegerField()
    job_id = BigIntegerField()
    time_ms = BigIntegerField()
    level = TextField()
    text = TextField()
    dropped = IntegerField()  # lines that this one stands for, 0 = it is a line

    class Meta:
        table_name = "log_entry"


class AuthRecord(Model):
    """What crawls log in with, sealed by a key that is not in the store."""

    id = TextField(primary_key=True)
    site = TextField()
    sealed = BlobField()
    created_at = BigIntegerField()
    updated_at = BigIntegerField()

    class Meta:
        table_name = "auth_record"


class WebhookRow(Model):
    """Where events are sent, and up to which of them there are deliveries."""

    name = TextField(primary_key=True)
    settings = TextField()  # a Webhook, JSON
    sealed = BlobField()  # its secrets
    enabled = IntegerField()
    reason = TextField(null=True)  # why it is not
    cursor = BigIntegerField()  # the last event that was looked at
    steps = TextField()  # of its runs that may go on, JSON
    origin = TextField()  # the configuration it is from
    created_at = BigIntegerField()
    updated_at = BigIntegerField()

    class Meta:
        table_name = "webhook"


MODELS: tuple[type[Model], ...] = (
    Job,
    Parent,
    Lane,
    Dependency,
    Rate,
    PausedType,
    Schedule,
    SubmitKey,
    Deletion,
    StagedPage,
    Owner,
    EventBatch,
    LogEntry,
    Document,
    DocumentSave,
    DocumentMemo,
    AuthRecord,
    WebhookRow,
    SearchEntry,
    SearchQueue,
    SearchBuild,
)
