"""Full-text search as read: the best hits first, with the place where the words stand."""

import sqlite3
from typing import Any

from actors.documents import DocumentFilter
from runtime.store.reading.documents import COLUMNS, LAST_SAVE, condition_of, shown_document
from runtime.store.reading.query import fts_query

DEFAULT_LIMIT = 20

# Title, body, url, tags: a word in the title says four times as much of a page as one in its text.
_BEST = """
SELECT document_search.rowid, -bm25(document_search, 4.0, 1.0, 0.5, 2.0) AS score
FROM document_search JOIN document ON document.id = document_search.rowid
WHERE document_search MATCH :query AND {condition} ORDER BY score DESC, document.id LIMIT :limit
"""
# Of the best alone: a snippet reads the whole text.
_HIT = f"""
SELECT {COLUMNS}, snippet(document_search, 1, '[', ']', '…', 24)
FROM document_search JOIN document ON document.id = document_search.rowid {LAST_SAVE}
WHERE document_search MATCH :query AND document_search.rowid = :id
"""


def search_documents(
    connection: sqlite3.Connection, query: str, wanted: DocumentFilter
) -> list[dict[str, Any]]:
    """Documents that match a query, the best first; without a limit ``DEFAULT_LIMIT`` of them.

    Raises:
        SearchQueryError: the query is none; ``query`` says what it may be.
    """
    condition, values = condition_of(wanted)
    values["limit"] = DEFAULT_LIMIT if wanted.limit is None else wanted.limit
    values["query"] = fts_query(query)
    best = connection.execute(_BEST.format(condition=condition), values).fetchall()
    hits = []
    for document_id, score in best:
        row = connection.execute(
            _HIT, {"query": values["query"], "run_id": wanted.run_id, "id": document_id}
        ).fetchone()
        hits.append({**shown_document(row), "snippet": row[8], "score": round(score, 4)})
    return hits
