"""Actor sources loaded at run time: zip files of modules, known by the hash of the file that was given.

Thespian's contract: a source is usable only after the registered source authority, an actor, has validated it; without
an authority a load is ignored. Actors of a source that is being validated wait for the verdict. The hash is MD5,
because it is Thespian's name for a source; nothing is trusted on account of it.

An unloaded source makes no more actors. Its modules leave the interpreter when its last actor has ended.
"""

import hashlib
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Condition
from typing import TYPE_CHECKING, Any

from thespian.actors import (
    ActorAddress,
    InvalidActorSourceHash,
    LoadedSource,
    UnloadedSource,
    ValidatedSource,
    ValidateSource,
)
from thespian.system.sourceLoader import SourceHashFinder, loadModuleFromHashSource

from runtime.engine.address import EngineAddress

if TYPE_CHECKING:
    from runtime.engine.engine import Engine

logger = logging.getLogger("quaero.engine")

VALIDATION_SECONDS = 120.0
"""How long the creator of an actor waits for the authority's verdict on its source."""


class _Source:
    def __init__(self) -> None:
        self.zip: bytes | None = None  # None: not validated yet
        self.info = ""
        self.waiting: list[Callable[[], None]] = []


class Sources:
    """The loaded sources of one engine."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._sources: dict[str, _Source] = {}
        self._unloaded: set[str] = set()  # whose modules are to be removed with the last actor
        self._listeners: list[EngineAddress] = []
        self._changed = Condition()
        self.authority: ActorAddress | None = None

    def load(self, source: Any) -> str:
        """Have a source validated by the authority; returns its hash. ``source`` is a path or an open file."""
        if hasattr(source, "read"):
            with source:
                data, name = source.read(), getattr(source, "name", str(source))
        else:
            data, name = Path(source).read_bytes(), str(source)
        source_hash = hashlib.md5(data, usedforsecurity=False).hexdigest()
        with self._changed:
            known = self._sources.get(source_hash)
            if known is not None and known.zip is not None:
                return source_hash
            if not isinstance(self.authority, EngineAddress):
                logger.warning("no source authority is registered: the source %s is ignored", name)
                return source_hash
            if known is None:
                self._sources[source_hash] = _Source()
        self.authority.cell.post(ValidateSource(source_hash, data, name), self._engine.address)
        return source_hash

    def validated(self, verdict: ValidatedSource, sender: EngineAddress | None) -> None:
        """The authority's verdict: the zip file, or nothing if it rejects the source."""
        if sender is not self.authority:
            logger.warning("%s is not the source authority: its verdict is ignored", sender)
            return
        with self._changed:
            source = self._sources.get(verdict.sourceHash)
            if source is None or source.zip is not None:
                return
            if not verdict.sourceZip:
                logger.warning("the source authority rejected the source %s", verdict.sourceHash)
                del self._sources[verdict.sourceHash]
            elif _is_readable(verdict):
                source.zip, source.info = verdict.sourceZip, str(getattr(verdict, "sourceInfo", None))
            else:
                return
            self._changed.notify_all()
        for ready in source.waiting:
            ready()
        if source.zip is not None:
            self._tell(LoadedSource(verdict.sourceHash, source.info))

    def unload(self, source_hash: str) -> None:
        """Forget a source, and its modules."""
        with self._changed:
            source = self._sources.pop(source_hash, None)
        if source is not None:
            self._tell(UnloadedSource(source_hash, source.info))
        self._unloaded.add(source_hash)
        self._clean_up(source_hash)

    def actor_ended(self, source_hash: str) -> None:
        """An actor of that source has ended."""
        if source_hash in self._unloaded:
            self._clean_up(source_hash)

    def _clean_up(self, source_hash: str) -> None:
        # Its living actors may still import modules of it.
        if any(cell.source_hash == source_hash for cell in list(self._engine.cells)):
            return
        self._unloaded.discard(source_hash)
        if source_hash not in self._sources:
            self._engine.forget_classes_of(source_hash)
            _remove_modules(source_hash)

    def close(self) -> None:
        """Forget all sources; those who wait for one are told that it is unknown."""
        with self._changed:
            hashes = [*self._sources, *self._unloaded]
            self._sources.clear()
            self._changed.notify_all()
        for source_hash in hashes:
            _remove_modules(source_hash)

    def notify(self, address: ActorAddress, *, enable: bool) -> None:
        """Tell that actor which sources come and go, beginning with those that are there."""
        if not isinstance(address, EngineAddress):
            return
        with self._changed:
            self._listeners = [each for each in self._listeners if each is not address]
            if not enable:
                return
            self._listeners.append(address)
            loaded = [(key, each.info) for key, each in self._sources.items() if each.zip is not None]
        for source_hash, info in loaded:
            address.cell.post(LoadedSource(source_hash, info), self._engine.address)

    def is_pending(self, source_hash: str) -> bool:
        """Whether the verdict on that source is still to come."""
        source = self._sources.get(source_hash)
        return source is not None and source.zip is None

    def when_settled(self, source_hash: str, ready: Callable[[], None]) -> bool:
        """Call ``ready`` after the verdict; False if nothing is waited for."""
        with self._changed:
            if not self.is_pending(source_hash):
                return False
            self._sources[source_hash].waiting.append(ready)
            return True

    def wait(self, source_hash: str) -> None:
        """Wait in a host thread for the verdict, if one is to come."""
        with self._changed:
            self._changed.wait_for(lambda: not self.is_pending(source_hash), VALIDATION_SECONDS)

    def find_class(self, source_hash: str, module: str, name: str) -> Any:
        """The class of that name in the source.

        Raises:
            InvalidActorSourceHash: no such source is loaded.
            ImportError: the source has no such module, or it can not be imported.
        """
        source = self._sources.get(source_hash)
        if source is None or source.zip is None:
            raise InvalidActorSourceHash(source_hash)
        return loadModuleFromHashSource(source_hash, {source_hash: source.zip}, module, name)

    def _tell(self, message: object) -> None:
        for address in list(self._listeners):
            address.cell.post(message, self._engine.address)


def _is_readable(verdict: ValidatedSource) -> bool:
    try:
        SourceHashFinder(verdict.sourceHash, lambda data: data, verdict.sourceZip).getZipNames()
    except Exception:
        logger.exception("the validated source %s can not be read", verdict.sourceHash)
        return False
    return True


def _remove_modules(source_hash: str) -> None:
    for finder in list(sys.meta_path):
        if isinstance(finder, SourceHashFinder) and finder.srcHash == source_hash:
            root = finder.hashRoot()
            for name in [each for each in sys.modules if each.startswith(root)]:
                del sys.modules[name]
            sys.meta_path.remove(finder)
