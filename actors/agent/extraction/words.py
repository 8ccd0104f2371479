"""Words of a language: their stems, and those that say nothing. Libraries are loaded when they are first used."""

import re
from functools import cache
from importlib.resources import files
from threading import Lock
from typing import Any

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_STEMMERS = {
    "da": "danish",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}
_turn = Lock()  # a stemmer keeps the word it works on


def words(text: str) -> list[str]:
    """The words of a text in lower case."""
    return [found.lower() for found in _WORD.findall(text)]


def stems(text: str, language: str) -> list[str]:
    """The stems of those words that say something."""
    empty = stop_words(language)
    wanted = [word for word in words(text) if word not in empty and len(word) > 1 and not word.isdigit()]
    with _turn:
        found: list[str] = _stemmer(language).stemWords(wanted)
    return found


@cache
def stop_words(language: str) -> frozenset[str]:
    """Words of the language that say nothing; yake's lists."""
    name = f"stopwords_{language}.txt"
    text = (files("yake") / "core" / "StopwordsList" / name).read_text("utf-8")
    return frozenset(line.strip().lower() for line in text.splitlines())


@cache
def _stemmer(language: str) -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer(_STEMMERS[language])
