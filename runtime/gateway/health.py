"""Routes about the gateway itself: whether it lives, whether it can take work, what it is."""

import platform
import sqlite3
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.openapi.datastructures import ResponseSpec

from actors.messages import GetHealth, StoreHealth
from runtime import __version__
from runtime.gateway.gate import COOKIE, presented_token, role_in
from runtime.gateway.given import TheInstance, TheRuntime, TheSettings
from runtime.gateway.objects import Health, LoggedIn, Version
from runtime.workings import Workings, workings

_HEALTH_SECONDS = 2.0
_COOKIE_SECONDS = 30 * 24 * 3600


class HealthController(Controller):
    """``/api/health``, ``/api/version``, ``/api/login``."""

    path = "/api"
    tags = ("health",)

    @get("/health/live", summary="Whether the process answers", sync_to_thread=False)
    def live(self) -> Health:
        """It does, if this is seen."""
        return Health("ok")

    @get(
        ["/health/ready", "/health"],
        summary="Whether work is taken and recorded",
        responses={503: ResponseSpec(Health, description="It is not, and why")},
    )
    async def ready(self, runtime: TheRuntime) -> Response[Health]:
        """503 while nothing can be committed, as on a full disk, or when the runtime has given up."""
        if runtime.assembly.failure:
            return Response(Health(runtime.assembly.failure), status_code=503)
        reply = await runtime.assembly.ask_async(GetHealth(), _HEALTH_SECONDS)
        wrong = reply.unavailable if isinstance(reply, StoreHealth) else f"the store answered {reply!r:.100}"
        return Response(Health(wrong or "ok"), status_code=503 if wrong else 200)

    @get("/runtime", summary="How the runtime's own actors are doing", sync_to_thread=True)
    def workings(self, runtime: TheRuntime) -> Workings:
        """Mailboxes, times, failures and restarts, by kind of actor."""
        return workings(runtime.assembly)

    @get("/version", summary="What runs here", sync_to_thread=False)
    def version(self, instance: TheInstance, request: Request[Any, Any, Any]) -> Version:
        """Names and versions, and what who asks may do."""
        return Version(
            "quaero-runtime",
            __version__,
            platform.python_version(),
            sqlite3.sqlite_version,
            instance,
            role_in(request.scope).name.lower(),
        )

    @post("/login", status_code=200, summary="Keep a token in a cookie", sync_to_thread=False)
    def login(self, settings: TheSettings, request: Request[Any, Any, Any]) -> Response[LoggedIn]:
        """For the page, which sends it once as ``Authorization: Bearer``: its scripts never see it again.

        Whether it is known was decided at the gate, which also makes those wait who send many that are not.
        """
        token = presented_token({b"authorization": request.headers.get("authorization", "")}) or ""
        cookie = Cookie(
            COOKIE,
            value=token,
            max_age=_COOKIE_SECONDS,
            path=request.scope.get("root_path") or "/",
            httponly=True,
            samesite="strict",
            secure=settings.secure_cookies,
        )
        return Response(LoggedIn(role_in(request.scope).name.lower()), cookies=[cookie])

    @post("/logout", status_code=204, summary="Forget the cookie", sync_to_thread=False)
    def logout(self, request: Request[Any, Any, Any]) -> Response[None]:
        """The token itself stays valid."""
        answer: Response[None] = Response(None, status_code=204)
        answer.delete_cookie(COOKIE, path=request.scope.get("root_path") or "/")
        return answer
