"""The peewee models say what the schema says: the same tables, columns, types, keys and nullability."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.store.database import open_writer
from runtime.store.models import MODELS

NAMES = {
    "AUTO": "INTEGER",
    "BIGINT": "INTEGER",
    "INT": "INTEGER",
    "INTEGER": "INTEGER",
    "TEXT": "TEXT",
    "BLOB": "BLOB",
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    opened = open_writer(tmp_path / "jobs.db")
    yield opened.connection()
    opened.close()


def test_every_table_has_a_model(connection: sqlite3.Connection) -> None:
    tables = {
        row[0]
        for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        if not row[0].startswith(("sqlite_", "document_search"))
    }
    assert {model._meta.table_name for model in MODELS} == tables - {"sequence"}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_models_fields_are_its_tables_columns(connection: sqlite3.Connection, model: Any) -> None:
    columns = {
        name: (kind, bool(not_null) or bool(key), bool(key))
        for _, name, kind, not_null, _, key in connection.execute(
            f"PRAGMA table_info({model._meta.table_name})"
        )
    }
    key = model._meta.primary_key
    keys = set(getattr(key, "field_names", [getattr(key, "column_name", None)]))
    fields = {
        field.column_name: (
            NAMES[field.field_type],
            not field.null or field.column_name in keys,
            field.column_name in keys,
        )
        for field in model._meta.sorted_fields
    }
    assert fields == columns


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_model_reads_its_table_on_the_store_it_is_given(tmp_path: Path, model: Any) -> None:
    opened = open_writer(tmp_path / "jobs.db")
    with model.bind_ctx(opened):
        assert list(model.select().dicts()) == []
    opened.close()


def test_models_are_bound_to_no_store() -> None:
    assert [model for model in MODELS if model._meta.database is not None] == []
