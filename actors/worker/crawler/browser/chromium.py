"""Where the system's Chromium is, and how it is started."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""Commands that are one, in the order in which they are looked for."""

ARGUMENTS = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # All that goes to the network goes by the page's gate: nothing is resolved here, nothing is sent by UDP.
    "--disable-quic",
    "--dns-prefetch-disable",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--proxy-bypass-list=<-loopback>",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    # The gate judges addresses; the browser, which sees the gate's alone, can not.
    "--disable-features=LocalNetworkAccessChecks,PrivateNetworkAccessSendPreflights,BlockInsecurePrivateNetworkRequests",
    # A page that eats memory ends its own renderer.
    "--js-flags=--max-old-space-size=512",
)


class NoBrowserError(RuntimeError):
    """There is no browser to render with; the message says what to install or to set."""


def browser_problem(path: str) -> str | None:
    """Why no page can be rendered here, and what to do; None = nothing is in the way.

    Args:
        path: the executable that is configured, "" = the system's.
    """
    if find_spec("playwright") is None:
        return "needs Playwright, which is not installed: pip install 'quaero-runtime[browser]'"
    try:
        executable(path)
    except NoBrowserError as error:
        return str(error)
    return None


def executable(path: str) -> str:
    """The browser to start.

    Raises:
        NoBrowserError: there is none.
    """
    if path:
        if os.access(path, os.X_OK) and Path(path).is_file():
            return path
        raise NoBrowserError(
            f"needs a browser, and [workers.crawler_url] browser_path = {path!r} is no executable file"
        )
    for name in NAMES:
        found = shutil.which(name)
        if found is not None:
            return found
    raise NoBrowserError(
        "needs Chromium, and there is none on this machine: install it (apt-get install chromium), or set"
        ' [workers.crawler_url] browser_path = "/path/to/chromium"'
    )


def sandboxed() -> bool:
    """Whether Chromium's own sandbox is used: always, but not as root, as which it refuses to start with it."""
    return os.geteuid() != 0
