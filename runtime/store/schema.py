"""The schema of a store: the numbered migrations, and the application id that marks a file as ours.

A new store is made by running all migrations in one transaction, which takes milliseconds; an old one gets those it
lacks, each in a transaction of its own together with its number, so that a kill leaves the old or the new schema.
"""

from runtime.store.document_schema import DOCUMENTS

APPLICATION_ID = 0x51756172  # "Quar"

_STATES = "'scheduled','pending','running','completed','failed','cancelled','completed_with_failures'"

_FIRST = f"""
CREATE TABLE job (
    id INTEGER PRIMARY KEY,
    root_id INTEGER NOT NULL,
    parent_id INTEGER,
    kind TEXT NOT NULL CHECK (kind IN ('run','step','job')),
    type TEXT NOT NULL,
    name TEXT,
    state TEXT NOT NULL CHECK (state IN ({_STATES})),
    attempt INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL DEFAULT 0,
    lost INTEGER NOT NULL DEFAULT 0,
    priority INTEGER NOT NULL DEFAULT 0,
    depth INTEGER NOT NULL DEFAULT 0,
    epoch INTEGER NOT NULL DEFAULT 0,
    lane_id INTEGER,
    spawned_by INTEGER,
    unique_key TEXT,
    payload TEXT NOT NULL,
    crc INTEGER NOT NULL,
    not_before INTEGER,
    backoff_ms INTEGER NOT NULL DEFAULT 0,
    owner INTEGER,
    token INTEGER NOT NULL DEFAULT 0,
    lease_expires INTEGER,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    result TEXT,
    error TEXT,
    cancel_reason TEXT,
    errors TEXT,
    trace_context TEXT
) STRICT;
CREATE INDEX job_parent ON job (parent_id);
CREATE UNIQUE INDEX job_unique ON job (parent_id, unique_key) WHERE unique_key IS NOT NULL;
CREATE INDEX job_ready ON job (lane_id, priority, depth, id) WHERE state = 'pending';
CREATE INDEX job_leased ON job (owner) WHERE state = 'running';
CREATE INDEX job_due ON job (not_before) WHERE state = 'scheduled';
CREATE INDEX job_run ON job (id) WHERE kind = 'run';

CREATE TABLE parent (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('run','step')),
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ({_STATES})),
    action TEXT NOT NULL DEFAULT '',
    priority INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0,
    scheduled INTEGER NOT NULL DEFAULT 0 CHECK (scheduled >= 0),
    pending INTEGER NOT NULL DEFAULT 0 CHECK (pending >= 0),
    running INTEGER NOT NULL DEFAULT 0 CHECK (running >= 0),
    completed INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    cancelled INTEGER NOT NULL DEFAULT 0,
    open_steps INTEGER NOT NULL DEFAULT 0 CHECK (open_steps >= 0),
    waiting INTEGER NOT NULL DEFAULT 0 CHECK (waiting >= 0),
    named INTEGER NOT NULL DEFAULT 0,
    cursor TEXT,
    naming TEXT NOT NULL DEFAULT 'idle' CHECK (naming IN ('idle','ready','leased')),
    naming_owner INTEGER,
    naming_attempt INTEGER NOT NULL DEFAULT 0,
    naming_at INTEGER NOT NULL DEFAULT 0,
    token INTEGER NOT NULL DEFAULT 0,
    served INTEGER NOT NULL DEFAULT 0,
    closing TEXT CHECK (closing IN ('cancel','failed','timeout','tolerance')),
    reason TEXT,
    paused INTEGER NOT NULL DEFAULT 0,
    max_children INTEGER NOT NULL DEFAULT 0,
    concurrency INTEGER NOT NULL DEFAULT 0,
    by_level INTEGER NOT NULL DEFAULT 0,
    timeout_ms INTEGER NOT NULL DEFAULT 0,
    deadline INTEGER,
    on_error TEXT NOT NULL DEFAULT 'fail',
    max_retries INTEGER NOT NULL DEFAULT 0,
    tolerance TEXT,
    warned INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX parent_naming ON parent (action, priority, served) WHERE naming = 'ready';
CREATE INDEX parent_named_by ON parent (naming_owner) WHERE naming = 'leased';
CREATE INDEX parent_closing ON parent (id) WHERE closing IS NOT NULL AND state IN ('pending','running');
CREATE INDEX parent_open ON parent (id) WHERE state IN ('pending','running');
CREATE INDEX parent_run ON parent (run_id);
CREATE INDEX parent_deadline ON parent (deadline) WHERE deadline IS NOT NULL AND closing IS NULL;

CREATE TABLE lane (
    id INTEGER PRIMARY KEY,
    parent_id INTEGER NOT NULL,
    type TEXT NOT NULL,
    rate_key TEXT NOT NULL DEFAULT '',
    rate_ms INTEGER NOT NULL DEFAULT 0,
    priority INTEGER NOT NULL DEFAULT 0,
    pending INTEGER NOT NULL DEFAULT 0 CHECK (pending >= 0),
    served INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL DEFAULT 0,
    ready INTEGER NOT NULL DEFAULT 0,
    UNIQUE (parent_id, type, rate_key)
) STRICT;
CREATE INDEX lane_ready ON lane (type, priority, served) WHERE ready = 1;
CREATE INDEX lane_due ON lane (not_before) WHERE not_before > 0;

CREATE TABLE dependency (
    step_id INTEGER NOT NULL,
    needs_id INTEGER NOT NULL,
    PRIMARY KEY (step_id, needs_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX dependency_needs ON dependency (needs_id);

CREATE TABLE rate (key TEXT PRIMARY KEY, started_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE submit_key (key TEXT PRIMARY KEY, run_id INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE staged_page (
    run_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    children INTEGER NOT NULL,
    rows BLOB NOT NULL,
    PRIMARY KEY (run_id, number)
) STRICT;

CREATE TABLE owner (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    boot_id TEXT NOT NULL,
    heartbeat INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    pid INTEGER NOT NULL,
    host TEXT NOT NULL
) STRICT;

CREATE TABLE event_batch (
    first_seq INTEGER PRIMARY KEY,
    last_seq INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    batch BLOB NOT NULL
) STRICT;

CREATE TABLE log_entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id INTEGER NOT NULL,
    job_id INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('debug','info','warning','error')),
    text TEXT NOT NULL
) STRICT;
CREATE INDEX log_entry_job ON log_entry (job_id);
CREATE INDEX log_entry_run ON log_entry (run_id);

CREATE TABLE document (
    id INTEGER PRIMARY KEY,
    source_type TEXT NOT NULL,
    source_id TEXT NOT NULL,
    url TEXT,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    tags TEXT NOT NULL,
    metadata TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (source_type, source_id)
) STRICT;

CREATE TABLE document_save (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id INTEGER NOT NULL,
    job_id INTEGER NOT NULL,
    document_id INTEGER NOT NULL,
    change TEXT NOT NULL CHECK (change IN ('new','changed','unchanged')),
    time_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX document_save_run ON document_save (run_id);
CREATE INDEX document_save_job ON document_save (job_id);
CREATE INDEX document_save_document ON document_save (document_id);

CREATE TABLE sequence (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    token INTEGER NOT NULL,
    event_seq INTEGER NOT NULL,
    turn INTEGER NOT NULL
) STRICT;
INSERT INTO sequence VALUES (1, 0, 0, 0);
"""

_SEARCH = """
CREATE VIRTUAL TABLE document_search USING fts5 (
    title, body, content = 'document', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TABLE search_queue (document_id INTEGER PRIMARY KEY, old_title TEXT, old_body TEXT) STRICT;
INSERT INTO search_queue SELECT id, NULL, NULL FROM document;
"""

_WAIT_ROLES = """
ALTER TABLE dependency ADD COLUMN role TEXT NOT NULL DEFAULT 'step'
    CHECK (role IN ('step','pre','pre_optional','post'));
"""

_PAUSED_TYPES = """
CREATE TABLE paused_type (type TEXT PRIMARY KEY, paused_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
ALTER TABLE sequence ADD COLUMN paused_types INTEGER NOT NULL DEFAULT 0;
"""

_DELETION = """
CREATE TABLE deletion (id INTEGER PRIMARY KEY) STRICT;
ALTER TABLE sequence ADD COLUMN event_floor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE submit_key ADD COLUMN ended_at INTEGER;
CREATE INDEX submit_key_run ON submit_key (run_id);
ALTER TABLE rate ADD COLUMN longest_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log_entry ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0;
"""

_SCHEDULES = """
CREATE TABLE schedule (
    id TEXT PRIMARY KEY,
    cron TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    next_at INTEGER NOT NULL,
    set_at INTEGER NOT NULL,
    paused INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    last_run_id INTEGER,
    last_fired_at INTEGER,
    origin TEXT NOT NULL,
    crc INTEGER NOT NULL,
    definitions TEXT NOT NULL
) STRICT;
CREATE INDEX schedule_due ON schedule (next_at) WHERE paused = 0 AND error IS NULL;
"""

_OFFERS = "ALTER TABLE owner ADD COLUMN offers TEXT;"

_DEADLINES = """
DROP INDEX parent_deadline;
CREATE INDEX parent_deadline ON parent (deadline) WHERE deadline IS NOT NULL;
"""

_CRAWL_MEMORY = """
CREATE TABLE document_memo (document_id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL, memo BLOB NOT NULL) STRICT;
"""

_AUTH_RECORDS = """
CREATE TABLE auth_record (
    id TEXT PRIMARY KEY,
    site TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
"""

_WEBHOOKS = """
CREATE TABLE webhook (
    name TEXT PRIMARY KEY,
    settings TEXT NOT NULL,
    sealed BLOB NOT NULL,
    enabled INTEGER NOT NULL,
    reason TEXT,
    cursor INTEGER NOT NULL,
    steps TEXT NOT NULL DEFAULT '[]',
    origin TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
ALTER TABLE sequence ADD COLUMN webhooks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sequence ADD COLUMN identity TEXT;
"""

_FINGERPRINTS = "ALTER TABLE submit_key ADD COLUMN fingerprint TEXT;"

MIGRATIONS: tuple[str, ...] = (
    _FIRST,
    _SEARCH,
    _WAIT_ROLES,
    _PAUSED_TYPES,
    _DELETION,
    _SCHEDULES,
    _OFFERS,
    _DEADLINES,
    DOCUMENTS,
    _CRAWL_MEMORY,
    _AUTH_RECORDS,
    _WEBHOOKS,
    _FINGERPRINTS,
)
"""Migration n (from 1) is element n - 1; a released one is never changed."""

SCHEMA_VERSION = len(MIGRATIONS)
