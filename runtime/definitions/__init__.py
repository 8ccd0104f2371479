"""Job-definition files: read, normalised into ``actors.job.JobDefinition``, checked with file and line.

- ``load``       one file or text, or a directory of files
- ``keys``       the keys of a file and of a step, as Structs
- ``shapes``     the four shapes of files, as one list of raw steps
- ``steps``      a raw step against its action's configuration type
- ``order``      dependencies: file order, a graph, circles
- ``variables``  ``{config.x}`` in a step's texts
- ``duration``   "1h30m"
- ``schedule``   five-field cron and time zones
- ``findings``   the diagnostics of one file as they are found
- ``schema``     JSON schemas of definitions and payloads
"""

from runtime.definitions.duration import parse_duration
from runtime.definitions.load import (
    DefinitionError,
    Loaded,
    load_definition,
    load_definition_text,
    load_directory,
)
from runtime.definitions.schema import definition_schema, payload_schema

__all__ = [
    "DefinitionError",
    "Loaded",
    "definition_schema",
    "load_definition",
    "load_definition_text",
    "load_directory",
    "parse_duration",
    "payload_schema",
]
