"""Routes of job definitions: list, show, check, change, run."""

import asyncio
import re
from pathlib import Path
from typing import Any

import msgspec
from litestar import Controller, Request, Response, delete, get, post, put
from litestar.datastructures import UploadFile
from litestar.params import JSONBody

from actors.ids import id_text, parse_id
from runtime.definitions import DefinitionError, Loaded
from runtime.embedding import Runtime
from runtime.fingerprint import of_text
from runtime.gateway.asking import key_of
from runtime.gateway.contract import TakesDefinition
from runtime.gateway.given import IdempotencyKey, PathText, TheRuntime, TheShelf
from runtime.gateway.objects import (
    DefinitionObject,
    DefinitionText,
    FoundFault,
    Made,
    QuickCrawl,
    Validation,
)
from runtime.gateway.problem import BadRequestError, ConflictError, NotFoundError
from runtime.gateway.shelf import Shelf, toml_of
from runtime.refusal import RefusedError
from runtime.toml.diagnostic import Diagnostic

TOML_TYPES = frozenset({"application/toml", "text/plain", "text/x-toml", "text/toml"})
LOGIN = re.compile(r"^([^/?#]*//)[^/?#]*@")
"""``user:password@`` in an address."""


class DefinitionsController(Controller):
    """``/api/job-definitions``."""

    path = "/api/job-definitions"
    tags = ("definitions",)

    @get(summary="List the definitions", sync_to_thread=True)
    def list_definitions(self, shelf: TheShelf) -> list[DefinitionObject]:
        """Those of the directory and those made in code; a file that is no definition is listed with what is wrong."""
        return [
            shown(loaded, file, found) if loaded is not None else _unread(file, found)
            for loaded, file, found in shelf.all()
        ]

    @post(
        summary="Add a definition",
        description="JSON, or TOML as application/toml.",
        status_code=201,
        operation_class=TakesDefinition,
    )
    async def add(
        self, request: Request[Any, Any, Any], runtime: TheRuntime, shelf: TheShelf
    ) -> Response[DefinitionObject]:
        """Written into the directory of definitions; its schedule is set."""
        return await _added(runtime, shelf, await sent_toml(request))

    @post("/upload", summary="Add a definition from a file", status_code=201, operation_class=TakesDefinition)
    async def upload(
        self, request: Request[Any, Any, Any], runtime: TheRuntime, shelf: TheShelf
    ) -> Response[DefinitionObject]:
        """TOML as the body, or as the field ``file`` of a form."""
        return await _added(runtime, shelf, await sent_toml(request))

    @post("/validate", summary="Check a definition", status_code=200, operation_class=TakesDefinition)
    async def validate(self, request: Request[Any, Any, Any], shelf: TheShelf) -> Validation:
        """Nothing is kept. Every finding has the line or path of what it is about."""
        try:
            loaded = await asyncio.to_thread(shelf.checked, await sent_toml(request))
        except DefinitionError as error:
            return Validation(
                valid=False, runnable=False, id=None, findings=list(map(_found, error.diagnostics))
            )
        return Validation(
            valid=True,
            runnable=not loaded.unrunnable,
            id=loaded.definition.id,
            findings=[_found(each) for each in (*loaded.warnings, *loaded.unrunnable)],
        )

    @post("/quick-crawl", summary="Crawl a page and what it links to", status_code=202)
    async def quick_crawl(
        self, data: JSONBody[QuickCrawl], runtime: TheRuntime, shelf: TheShelf, key: IdempotencyKey = None
    ) -> Response[Made]:
        """A run without a definition of its own."""
        step = {
            "action": "crawl",
            "start_urls": [data.url],
            "max_depth": data.max_depth,
            "max_pages": data.max_pages,
            "include_patterns": data.include_patterns,
            "exclude_patterns": data.exclude_patterns,
        }
        name = data.name or f"Crawl of {_without_login(data.url)}"
        text = toml_of({"id": "quick-crawl", "name": name[:200], "timeout": "30m", "step": {"crawl": step}})
        loaded = await asyncio.to_thread(shelf.checked, text, "quick-crawl")
        return await submitted(runtime, loaded, key_of(key))

    @get("/{definition_id:str}", summary="Show a definition", sync_to_thread=True)
    def show(self, definition_id: PathText, shelf: TheShelf) -> DefinitionText:
        """Normalised, and as its file has it."""
        loaded = shelf.get(definition_id)
        toml = shelf.text_of(definition_id).decode("utf-8", "replace") if loaded.file else None
        return DefinitionText(
            shown(loaded, loaded.file, (*loaded.warnings, *loaded.unrunnable)),
            msgspec.to_builtins(loaded.definition),
            toml,
        )

    @get("/{definition_id:str}/export", summary="A definition as TOML", media_type="application/toml")
    async def export(self, definition_id: PathText, shelf: TheShelf) -> Response[bytes]:
        """As its file has it; ``upload`` takes it."""
        text = await asyncio.to_thread(shelf.text_of, definition_id)
        return Response(text, media_type="application/toml")

    @put(
        "/{definition_id:str}",
        summary="Replace a definition",
        description="JSON, or TOML.",
        operation_class=TakesDefinition,
    )
    async def replace(
        self, definition_id: PathText, request: Request[Any, Any, Any], runtime: TheRuntime, shelf: TheShelf
    ) -> DefinitionObject:
        """Its runs go on as they were; its schedule is set anew."""
        loaded = await asyncio.to_thread(shelf.replace, definition_id, await sent_toml(request))
        await _schedule(runtime, loaded)
        return shown(loaded, loaded.file, (*loaded.warnings, *loaded.unrunnable))

    @delete("/{definition_id:str}", status_code=204, summary="Remove a definition", sync_to_thread=True)
    def remove(self, definition_id: PathText, runtime: TheRuntime, shelf: TheShelf) -> None:
        """Its runs go on; its schedule is forgotten."""
        shelf.remove(definition_id)
        runtime.unschedule(definition_id)

    @post("/{definition_id:str}/execute", status_code=202, summary="Run a definition")
    async def execute(
        self, definition_id: PathText, runtime: TheRuntime, shelf: TheShelf, key: IdempotencyKey = None
    ) -> Response[Made]:
        """Answered when the run is durable, with its id. Repeated with its key, also once the definition is gone."""
        submit_key = key_of(key)
        try:
            loaded = await asyncio.to_thread(shelf.get, definition_id)
            return await submitted(runtime, loaded, submit_key, definition_id)
        except (NotFoundError, ConflictError, DefinitionError, RefusedError):
            made = await asyncio.to_thread(_made_before, runtime, definition_id, submit_key)
            if made is None:
                raise
            return accepted(made)


async def _added(runtime: Runtime, shelf: Shelf, text: bytes) -> Response[DefinitionObject]:
    loaded = await asyncio.to_thread(shelf.add, text)
    await _schedule(runtime, loaded)
    return Response(
        shown(loaded, loaded.file, (*loaded.warnings, *loaded.unrunnable)),
        status_code=201,
        headers={"Location": f"/api/job-definitions/{loaded.definition.id}"},
    )


async def submitted(
    runtime: Runtime, loaded: Loaded, key: str | None, asked_for: str | None = None
) -> Response[Made]:
    """Make a run of a definition; with a key that has a run already, the answer is that of then.

    Raises:
        ConflictError: it is disabled.
        DefinitionError: this runtime can not run it.
        RefusedError: the runtime refused it.
    """
    definition = loaded.definition
    if not definition.enabled:
        raise ConflictError(f"definition {definition.id!r} is disabled: set enabled = true")
    if loaded.unrunnable:
        raise DefinitionError(loaded.unrunnable)
    run = await runtime.submit_async(definition, key=key, fingerprint=asked_for)
    if key is None:
        return accepted(_made(run.id, definition.name))
    return accepted(await asyncio.to_thread(_made_by_key, runtime, run.id, definition.name))


def accepted(made: Made) -> Response[Made]:
    """The answer that a run was made."""
    return Response(made, status_code=202, headers={"Location": f"/api/jobs/{made.job_id}"})


def _made(run_id: str, name: str) -> Made:
    return Made(run_id, name, "pending", f"run {run_id} was made")


def _made_by_key(runtime: Runtime, run_id: str, otherwise: str) -> Made:
    """What was answered when the run was made: its name is the definition's of then."""
    found = runtime.reader.job(parse_id(run_id))
    return _made(run_id, otherwise if found is None else found["name"])


def _made_before(runtime: Runtime, definition_id: str, key: str | None) -> Made | None:
    """What was answered to this request when its definition could be run; None if it was not made then."""
    if key is None:
        return None
    found = runtime.reader.run_of_request(key, of_text(definition_id))
    return None if found is None else _made_by_key(runtime, id_text(found), definition_id)


def _without_login(url: str) -> str:
    """The address as a name shows it: who may read names need not be told its password."""
    return LOGIN.sub(r"\1", url)


async def sent_toml(request: Request[Any, Any, Any]) -> bytes:
    """The TOML that a request brings: as its body, as a file of a form, or made of a JSON object.

    Raises:
        BadRequestError: it brings none.
    """
    media_type, _ = request.content_type
    if media_type == "multipart/form-data":
        form = await request.form()
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise BadRequestError("the form has no file", "file")
        return await file.read()
    body = await request.body()
    if not body.strip():
        raise BadRequestError("the body is empty: send a definition as JSON or TOML")
    if media_type in TOML_TYPES:
        return body
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequestError(f"the body is no JSON: {error}; TOML is sent as application/toml") from error
    if not isinstance(content, dict):
        raise BadRequestError(f"a definition is an object, not {type(content).__name__}", "$")
    return toml_of(content)


def shown(loaded: Loaded, file: str, found: tuple[Diagnostic, ...]) -> DefinitionObject:
    """A definition as it is listed. Pure."""
    definition = loaded.definition
    return DefinitionObject(
        id=definition.id,
        name=definition.name,
        enabled=definition.enabled,
        schedule=definition.schedule,
        tags=list(definition.tags),
        steps=[step.name for step in definition.steps],
        source=Path(file).name if file else "",
        findings=list(map(_found, found)),
    )


def _unread(file: str, found: tuple[Diagnostic, ...]) -> DefinitionObject:
    name = Path(file).name
    return DefinitionObject(
        id="",
        name=name,
        enabled=False,
        schedule="",
        tags=[],
        steps=[],
        source=name,
        findings=list(map(_found, found)),
    )


def _found(diagnostic: Diagnostic) -> FoundFault:
    return FoundFault(
        diagnostic.message, diagnostic.severity.value, diagnostic.key_path, diagnostic.line, diagnostic.hint
    )


async def _schedule(runtime: Runtime, loaded: Loaded) -> None:
    definition = loaded.definition
    if definition.schedule and definition.enabled:
        await runtime.schedule_async(definition)
    else:
        await runtime.unschedule_async(definition.id)
