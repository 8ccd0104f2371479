"""Opens what a command works on: the configuration, the store for reading, a runtime that is ready to start."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.cli.failures import CommandError

if TYPE_CHECKING:
    from runtime.config import LoadedConfig
    from runtime.embedding import Runtime
    from runtime.settings import RuntimeSettings
    from runtime.store.reading.reader import StoreReader

DEFAULT_CONFIG = Path("quaero.toml")


def config_file(config: Path | None) -> Path | None:
    """The configuration file to use: the one that was named, or ``quaero.toml`` here if there is one."""
    if config is None and DEFAULT_CONFIG.is_file():
        return DEFAULT_CONFIG
    return config


def configuration(store: Path | None, config: Path | None) -> "LoadedConfig":
    """The configuration: file < environment < flags.

    Raises:
        ConfigError: it is wrong.
    """
    from runtime.config import load_config

    return load_config(config_file(config), environment=os.environ, flags=_flags(store))


def settings(store: Path | None, config: Path | None) -> "RuntimeSettings":
    """The configuration as a runtime takes it.

    Raises:
        ConfigError: it is wrong.
    """
    from runtime.config import settings_of

    return settings_of(configuration(store, config))


@contextmanager
def reading(store: Path | None, config: Path | None) -> "Iterator[StoreReader]":
    """The store, opened for reading.

    Raises:
        ConfigError: the configuration is wrong.
        StoreError: the store can not be used.
    """
    with reader_of(settings(store, config)) as reader:
        yield reader


@contextmanager
def reader_of(wanted: "RuntimeSettings") -> "Iterator[StoreReader]":
    """The store of these settings, opened for reading.

    Raises:
        StoreError: the store can not be used.
    """
    from runtime.store.database import explain
    from runtime.store.reading.reader import StoreReader

    reader = StoreReader(wanted.store, busy_timeout_seconds=wanted.busy_timeout_seconds)
    try:
        yield reader
    except sqlite3.Error as error:
        raise explain(wanted.store, error) from error
    finally:
        reader.close()


def known_job(reader: "StoreReader", text: str) -> int:
    """The id that the text stands for.

    Raises:
        UnknownIdError: it is no id.
        CommandError: the store has no such run, step or job.
    """
    from actors.ids import parse_id

    job_id = parse_id(text)
    if reader.job(job_id) is None:
        raise CommandError(f"there is no job {text} in {reader.path}", hint="`quaero jobs` lists them")
    return job_id


def known_run(reader: "StoreReader", text: str | None) -> int | None:
    """The run that ``--run`` names; None for none.

    Raises:
        UnknownIdError: it is no id.
        CommandError: the store has no such run.
    """
    from actors.ids import parse_id

    if text is None:
        return None
    run_id = parse_id(text)
    if reader.run_state(run_id) is None:
        raise CommandError(
            f"there is no run {text} in {reader.path}", hint="`quaero jobs --kind run` lists them"
        )
    return run_id


def ready_runtime(
    store: Path | None,
    config: Path | None,
    *,
    quiet: bool = False,
    adopts: bool = False,
    lenient: bool = False,
) -> "Runtime":
    """A runtime that has not started, with the user's own modules; warnings of the configuration are told.

    Args:
        store: as of ``configuration``, and so is ``config``.
        quiet: the warnings are not told.
        adopts: when it starts, schedules of its definitions are set and those with auto_start run.
        lenient: it is to know no definitions if one in their directory is wrong.

    Raises:
        ConfigError: the configuration is wrong.
        DefinitionError: a definition in the directory of definitions is.
        CommandError: a module of the user's own can not be used.
    """
    import msgspec

    from runtime.cli.modules import import_modules
    from runtime.cli.output import tell
    from runtime.config import settings_of
    from runtime.embedding import Runtime
    from runtime.toml.diagnostic import BadFileError, in_order

    file = config_file(config)
    loaded = configuration(store, config)
    own = import_modules(loaded.config, file)
    # The modules are imported here, where their errors have a place; and this process is the runtime's own.
    wanted = msgspec.structs.replace(
        settings_of(loaded),
        worker_modules=(),
        manager_modules=(),
        agent_modules=(),
        own_process=True,
        binds_logs=True,
        adopts=adopts,
    )
    try:
        runtime = Runtime(wanted, workers=own.workers, managers=own.managers, agents=own.agents)
    except BadFileError:
        if not lenient:
            raise
        wanted = msgspec.structs.replace(wanted, definitions_directory=None)
        runtime = Runtime(wanted, workers=own.workers, managers=own.managers, agents=own.agents)
    except (TypeError, ValueError) as error:  # two workers of one type, settings that can be none
        raise CommandError(str(error), file=str(file or ""), path="modules") from error
    if not quiet:
        for warning in in_order((*loaded.warnings, *runtime.assembly.warnings)):
            tell(f"warning: {warning}")
    return runtime


def _flags(store: Path | None) -> dict[str, str | None]:
    return {"store.path": None if store is None else str(store)}
