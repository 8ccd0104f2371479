"""Crawls Python's own documentation server: the main job, end to end, without a network.

Starts ``python -m pydoc`` on loopback, runs ``pydoc.toml`` with the ``quaero`` command, prints what was found and
three search results. `make run` runs this.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

HERE = Path(__file__).resolve().parent
PORT = 18765
QUERIES = ("thread lock", "regular expression", "json encoder")


def main() -> int:
    """Run the crawl; returns the exit code of ``quaero run``."""
    with tempfile.TemporaryDirectory(prefix="quaero-pydoc-") as scratch:
        port = free_port()
        definition = Path(scratch) / "pydoc.toml"
        text = (HERE / "pydoc.toml").read_text(encoding="utf-8")
        definition.write_text(text.replace(f":{PORT}/", f":{port}/"), encoding="utf-8")
        store = Path(scratch) / "pydoc.db"
        with pydoc_server(port, Path(scratch)):
            code = quaero("run", str(definition), "--store", str(store)).returncode
        documents = json.loads(quaero("documents", "--store", str(store), "--json", quiet=True).stdout)
        print(f"\n{len(documents)} pages are stored and searchable, for example:")
        for query in QUERIES:
            found = json.loads(
                quaero("search", query, "--limit", "1", "--store", str(store), "--json", quiet=True).stdout
            )
            for hit in found:
                print(
                    f"\n  {query!r} → {hit['title']}\n    {hit['url']}\n    {' '.join(hit['snippet'].split())}"
                )
        return code


def quaero(*arguments: str, quiet: bool = False) -> "subprocess.CompletedProcess[str]":
    """The command as a user types it."""
    command = [sys.executable, "-m", "runtime.cli", *arguments]
    return subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE if quiet else None)


def free_port() -> int:
    """The definition's port, or any other if that is taken."""
    for port in (PORT, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("localhost", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SystemExit("no free port on localhost")


@contextmanager
def pydoc_server(port: int, scratch: Path) -> Iterator[None]:
    """Python's documentation server in an empty directory; it lives as long as its stdin is open."""
    empty = scratch / "empty"
    empty.mkdir()
    server = subprocess.Popen(
        [sys.executable, "-m", "pydoc", "-p", str(port)],
        cwd=empty,
        env={**os.environ, "BROWSER": "true", "PYTHONWARNINGS": "ignore"},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://localhost:{port}/", server)
        yield
    finally:
        server.kill()
        server.communicate()


def wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    """Until the server's first answer with status 200."""
    pause = Event()
    for _ in range(300):
        if server.poll() is not None:
            raise SystemExit(f"the documentation server ended with code {server.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pause.wait(0.1)
    raise SystemExit(f"the documentation server did not answer at {url}")


if __name__ == "__main__":
    sys.exit(main())
