"""The migration of documents and their search: columns in the order in which they are read, an index that follows.

``document_text`` is what is searched of a document, and what the full-text index takes snippets from. Triggers queue
whatever changes there; ``verbs/index.py`` works the queue off.
"""


def _searched(column: str, row: str) -> str:
    """What is searched of a row of ``document``; of markup, and of a transform's JSON, all but the body."""
    if column == "body":
        return (
            f"CASE WHEN {row}media_type IN ('text/html','application/xhtml+xml')"
            f" OR ({row}media_type = 'application/json' AND {row}source_type = 'transform')"
            f" THEN '' ELSE {row}body END"
        )
    return f"ifnull({row}url, '')" if column == "url" else f"{row}{column}"


_TEXT_COLUMNS = ("title", "body", "url", "tags")
_OLD_TEXT = ", ".join(_searched(column, "old.") for column in _TEXT_COLUMNS)
_TEXT = ", ".join(f"{_searched(column, '')} AS {column}" for column in _TEXT_COLUMNS)

# The body is the last column: whoever looks at the others does not read through it. A document's triggers see to it
# that the index forgets exactly the text it was given, whoever changes or deletes the row; the first text queued holds.
DOCUMENTS = f"""
DROP TABLE document_search;
DROP TABLE search_queue;
CREATE TABLE document_whole (
    id INTEGER PRIMARY KEY,
    source_type TEXT NOT NULL,
    source_id TEXT NOT NULL,
    media_type TEXT NOT NULL DEFAULT '',
    url TEXT,
    title TEXT NOT NULL,
    tags TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (source_type, source_id)
) STRICT;
INSERT INTO document_whole
SELECT id, source_type, source_id, '', url, title, tags, created_at, updated_at, metadata, body FROM document;
DROP TABLE document;
ALTER TABLE document_whole RENAME TO document;
CREATE VIEW document_text AS SELECT id, {_TEXT} FROM document;
CREATE VIRTUAL TABLE document_search USING fts5 (
    title, body, url, tags, content = 'document_text', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TABLE search_entry (document_id INTEGER PRIMARY KEY, digest INTEGER NOT NULL) STRICT;
CREATE TABLE search_queue (
    document_id INTEGER PRIMARY KEY,
    indexed INTEGER NOT NULL,
    title TEXT,
    body TEXT,
    url TEXT,
    tags TEXT
) STRICT;
CREATE TABLE search_build (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    cursor INTEGER NOT NULL DEFAULT 0,
    finished INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO search_queue SELECT id, 0, NULL, NULL, NULL, NULL FROM document;
CREATE TRIGGER document_made AFTER INSERT ON document WHEN NOT EXISTS (
    SELECT 1 FROM search_queue WHERE document_id = new.id
) BEGIN INSERT INTO search_queue VALUES (new.id, 0, NULL, NULL, NULL, NULL); END;
CREATE TRIGGER document_changed AFTER UPDATE OF source_type, media_type, url, title, tags, body ON document WHEN (
    old.title <> new.title OR old.body <> new.body OR old.url IS NOT new.url OR old.tags <> new.tags
    OR old.media_type <> new.media_type OR old.source_type <> new.source_type
) AND NOT EXISTS (SELECT 1 FROM search_queue WHERE document_id = old.id)
BEGIN INSERT INTO search_queue VALUES (old.id, 1, {_OLD_TEXT}); END;
CREATE TRIGGER document_gone AFTER DELETE ON document WHEN NOT EXISTS (
    SELECT 1 FROM search_queue WHERE document_id = old.id
) BEGIN INSERT INTO search_queue VALUES (old.id, 1, {_OLD_TEXT}); END;
"""
