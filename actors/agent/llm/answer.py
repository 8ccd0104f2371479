"""The JSON within what a language model writes: bare, in a code fence, or with words around it. Pure."""

import re
from typing import Any

import msgspec

from actors.agent.contract import AnswerError

_FENCED = re.compile(r"```[A-Za-z0-9_-]{0,20}[ \t]*\r?\n(.*?)(?:\r?\n)?```", re.DOTALL)
SHOWN = 120


def parse_answer(text: str) -> Any:
    """The JSON value that the text holds.

    Raises:
        AnswerError: it holds none.
    """
    if not text.strip():
        raise AnswerError("the answer is empty")
    for candidate in _candidates(text):
        try:
            return msgspec.json.decode(candidate)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            continue
    raise AnswerError(f"the answer is no JSON: {text.strip()[:SHOWN]!r}")


def _candidates(text: str) -> list[str]:
    stripped = text.strip()
    found = [stripped, *(each.group(1) for each in _FENCED.finditer(stripped))]
    for begin, end in (("{", "}"), ("[", "]")):
        first, last = stripped.find(begin), stripped.rfind(end)
        if 0 <= first < last:
            found.append(stripped[first : last + 1])
    return found
