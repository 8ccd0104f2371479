"""``quaero.toml``: what it may say, and how a file, the environment and flags become one configuration.

- ``schema``       the sections and keys, as Structs with their defaults
- ``layers``       a file < the environment < flags, each value with the place it came from
- ``environment``  ``QUAERO_STORE__PATH=jobs.db`` as a layer
- ``load``         the configuration, or what is wrong with it
- ``own``          the settings of workers and managers, once their types are known
- ``description``  the JSON schema
"""

from runtime.config.description import config_schema
from runtime.config.load import (
    ConfigError,
    LoadedConfig,
    is_config,
    load_config,
    load_settings,
    settings_of,
)
from runtime.config.schema import Config

__all__ = [
    "Config",
    "ConfigError",
    "LoadedConfig",
    "config_schema",
    "is_config",
    "load_config",
    "load_settings",
    "settings_of",
]
