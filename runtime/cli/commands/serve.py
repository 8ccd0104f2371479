"""``quaero serve``: work on the store, and let people and programs look and act by HTTP."""

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.commands.run import DRAINING
from runtime.cli.exits import ExitCode
from runtime.cli.failures import CommandError
from runtime.cli.opening import ready_runtime
from runtime.cli.output import tell, write_json, write_text

if TYPE_CHECKING:
    from runtime.embedding import Runtime
    from runtime.gateway.serving import GatewayServer
    from runtime.gateway.settings import GatewaySettings


def serve(
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on, instead of [gateway]'s.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 = any that is free.")
    ] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Work on the store and serve it over HTTP: the API, live events, the dashboard.

    Ctrl-C drains, a second one stops at once.
    """
    from runtime.cli.attending import attended
    from runtime.cli.reporting import logs_told
    from runtime.gateway.settings import is_loopback

    with logs_told() as logs:
        runtime = ready_runtime(store, config, adopts=True)
        logs.rendered_as(runtime)
        settings = _changed(runtime.settings.gateway, host, port)
        if settings.problem:
            raise CommandError(settings.problem)
        with attended(runtime) as attendance:
            server = _started(runtime, settings)
            try:
                if as_json:
                    write_json({"url": server.url, "store": str(runtime.settings.store)})
                else:
                    write_text(f"serving {runtime.settings.store} on {server.url}")
                if not settings.tokens and is_loopback(settings.host):
                    tell("no token is set: whoever reaches this address on this machine may do everything")
                with attendance.listening():
                    while not attendance.stopped:
                        attendance.pause(0.5, 3600.0)
                if attendance.interrupted:
                    tell(DRAINING)
            finally:
                server.stop()
    if attendance.failure:
        raise CommandError(
            f"the runtime stopped: {attendance.failure}",
            hint="what it was doing is kept; start it again",
            exit_code=ExitCode.FAILED,
        )
    return ExitCode.DONE


def _changed(settings: "GatewaySettings", host: str | None, port: int | None) -> "GatewaySettings":
    given = {key: value for key, value in (("host", host), ("port", port)) if value is not None}
    return msgspec.structs.replace(settings, **given)


def _started(runtime: "Runtime", settings: "GatewaySettings") -> "GatewayServer":
    try:
        from runtime.gateway.serving import GatewayError, GatewayServer
    except ModuleNotFoundError as error:
        raise CommandError(
            f"the gateway needs the extra `gateway`: {error.name} is not installed",
            hint="pip install 'quaero-runtime[gateway]'",
        ) from error
    server = GatewayServer(runtime, settings)
    try:
        server.start()
    except GatewayError as error:
        raise CommandError(str(error)) from error
    return server
