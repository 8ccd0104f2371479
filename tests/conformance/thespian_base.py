"""Our engine under the name by which Thespian's suite asks for a system base."""

import sys
from types import ModuleType
from typing import Any

from runtime.engine.config import EngineConfig
from runtime.engine.dispatchers import Dispatchers
from runtime.engine.engine import Engine
from runtime.engine.system import QuaeroSystemBase, system_capabilities

BASE_NAME = "quaeroBase"


class ActorSystemBase(QuaeroSystemBase):
    """Made by ``ActorSystem(systemBase="quaeroBase")``; uses the capabilities the system was given."""

    def __init__(self, system: Any, logDefs: object = None) -> None:
        capabilities: dict[str, Any] = system.capabilities
        for name, value in system_capabilities().items():
            capabilities.setdefault(name, value)
        super().__init__(Engine(EngineConfig(), {}, None, capabilities, Dispatchers))


def register() -> None:
    """Let ``ActorSystem`` find the base by its name."""
    module = ModuleType(f"thespian.system.{BASE_NAME}")
    module.ActorSystemBase = ActorSystemBase  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
