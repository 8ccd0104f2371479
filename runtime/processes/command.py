"""The command that runs a function of ours in a fresh interpreter, with the modules of this one within its reach."""

import json
import sys

_CODE = (
    "import json, sys; from importlib import import_module; sys.path[:] = json.loads(sys.argv[1]);"
    " import_module(sys.argv[2]).main(*json.loads(sys.argv[3]))"
)


def command_of(module: str, *arguments: int | str) -> list[str]:
    """What starts ``main`` of that module with these arguments. Pure, but for where this interpreter looks."""
    return [sys.executable, "-c", _CODE, json.dumps(sys.path), module, json.dumps(arguments)]
