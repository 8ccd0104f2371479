"""Job-definition files: read, normalised into ``actors.job.JobDefinition``, checked with file and line.

- ``load``       one file or text
- ``beside``     a file with those it links, looked up beside it
- ``library``    the definitions a runtime knows, by id
- ``links``      pre_jobs and post_jobs: who comes along, circles
- ``keys``       the keys of a file and of a step, as Structs
- ``shapes``     the four shapes of files, as one list of raw steps
- ``steps``      a raw step against its action's configuration type
- ``order``       dependencies: file order, a graph, circles
- ``conditions`` conditions of steps against what they wait for
- ``placeholders`` ``{key}`` in a file's texts
- ``variable_file`` ``variables.toml``, where their values are
- ``variables``  ``{config.x}`` in a step's texts
- ``duration``   "1h30m"
- ``schedule``   five-field cron and time zones
- ``findings``   the diagnostics of one file as they are found
- ``schema``     JSON schemas of definitions and payloads
"""

from runtime.definitions.beside import load_with_linked
from runtime.definitions.duration import parse_duration
from runtime.definitions.library import DefinitionLibrary
from runtime.definitions.load import DefinitionError, Loaded, load_definition, load_definition_text
from runtime.definitions.schema import definition_schema, payload_schema

__all__ = [
    "DefinitionError",
    "DefinitionLibrary",
    "Loaded",
    "definition_schema",
    "load_definition",
    "load_definition_text",
    "load_with_linked",
    "parse_duration",
    "payload_schema",
]
