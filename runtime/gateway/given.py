"""What handlers take, as names for Litestar's markers: what the application gives them, and what the path has."""

from typing import TypeAlias

from litestar.di import NamedDependency
from litestar.params import FromPath

from runtime.embedding import Runtime
from runtime.gateway.broadcast import Broadcast
from runtime.gateway.settings import GatewaySettings
from runtime.gateway.shelf import Shelf

TheRuntime: TypeAlias = NamedDependency[Runtime]
TheShelf: TypeAlias = NamedDependency[Shelf]
TheBroadcast: TypeAlias = NamedDependency[Broadcast]
TheSettings: TypeAlias = NamedDependency[GatewaySettings]
TheInstance: TypeAlias = NamedDependency[str]
PathText: TypeAlias = FromPath[str]
