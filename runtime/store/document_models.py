"""The tables of documents and their search as peewee models; see ``models``."""

from peewee import AutoField, BigIntegerField, BlobField, IntegerField, Model, TextField


class Document(Model):
    """A document, identified by its source."""

    id = BigIntegerField(primary_key=True)
    source_type = TextField()
    source_id = TextField()
    media_type = TextField()  # of the body; "" = text
    url = TextField(null=True)
    title = TextField()
    tags = TextField()  # JSON array
    created_at = BigIntegerField()
    updated_at = BigIntegerField()
    metadata = TextField()  # JSON object
    body = TextField()

    class Meta:
        table_name = "document"


class DocumentSave(Model):
    """A job saved a document; a run's documents are counted by these."""

    id = AutoField()
    run_id = BigIntegerField()
    job_id = BigIntegerField()
    document_id = BigIntegerField()
    change = TextField()  # new, changed, unchanged
    time_ms = BigIntegerField()

    class Meta:
        table_name = "document_save"


class DocumentMemo(Model):
    """What the worker that saved a document wants to know of it next time."""

    document_id = BigIntegerField(primary_key=True)
    fingerprint = TextField()  # of the source, where the body is not all of it
    memo = BlobField()

    class Meta:
        table_name = "document_memo"


class SearchEntry(Model):
    """What the search index was given of a document: a digest of it."""

    document_id = BigIntegerField(primary_key=True)
    digest = BigIntegerField()

    class Meta:
        table_name = "search_entry"


class SearchQueue(Model):
    """A document whose search entry is out of date, with the text that is indexed, if any is.

    Written by triggers of ``document``.
    """

    document_id = BigIntegerField(primary_key=True)
    indexed = IntegerField()
    title = TextField(null=True)
    body = TextField(null=True)
    url = TextField(null=True)
    tags = TextField(null=True)

    class Meta:
        table_name = "search_queue"


class SearchBuild(Model):
    """A new search index that is made beside the one in use; documents up to the cursor are in it."""

    number = AutoField()
    cursor = BigIntegerField()
    finished = IntegerField()

    class Meta:
        table_name = "search_build"
