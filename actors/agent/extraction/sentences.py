"""The sentences that say most of a text: TextRank (Mihalcea and Tarau, 2004) over the words they share."""

import math
import re
from collections import Counter
from collections.abc import Sequence

from actors.agent.extraction.words import stems

MAX_SENTENCES = 400
"""Sentences that are compared, the first ones: each is compared with each."""
MIN_WORDS = 4
"""Shorter ones are headings, cells of tables, entries of menus."""
MAX_WORDS = 80
"""Longer ones are lists that nobody ended with a full stop."""
DAMPING, ROUNDS, CLOSE = 0.85, 50, 1e-4
_SPACE = re.compile(r"\s+")


def key_sentences(text: str, count: int, language: str) -> list[str]:
    """The ``count`` most telling sentences in the order of the text; fewer if there are no more."""
    found = sentences(text)
    if len(found) <= count:
        return found
    ranks = _ranks([Counter(stems(each, language)) for each in found])
    best = sorted(range(len(found)), key=lambda position: (-ranks[position], position))[:count]
    return [found[position] for position in sorted(best)]


def sentences(text: str) -> list[str]:
    """The sentences of a plain text, each once, on one line."""
    from segtok.segmenter import split_multi

    found: dict[str, None] = {}
    for block in text.split("\n\n"):
        for each in split_multi(block):
            line = _SPACE.sub(" ", each).strip()
            if MIN_WORDS <= len(line.split()) <= MAX_WORDS:
                found[line] = None
            if len(found) >= MAX_SENTENCES:
                return list(found)
    return list(found) or [_SPACE.sub(" ", text).strip()][: 1 if text.strip() else 0]


def _ranks(bags: Sequence[Counter[str]]) -> list[float]:
    count = len(bags)
    edges: list[list[tuple[int, float]]] = [[] for _ in bags]
    for one in range(count):
        for other in range(one + 1, count):
            likeness = _likeness(bags[one], bags[other])
            if likeness > 0:
                edges[one].append((other, likeness))
                edges[other].append((one, likeness))
    weights = [sum(likeness for _, likeness in each) for each in edges]
    ranks = [1.0] * count
    for _ in range(ROUNDS):
        new = [
            1 - DAMPING + DAMPING * sum(ranks[other] * likeness / weights[other] for other, likeness in each)
            for each in edges
        ]
        moved = max((abs(one - other) for one, other in zip(new, ranks, strict=True)), default=0.0)
        ranks = new
        if moved < CLOSE:
            break
    return ranks


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """Words in common, over the logarithms of both lengths."""
    if len(one) < 2 or len(other) < 2:
        return 0.0
    shared = len(one.keys() & other.keys())
    return shared / (math.log(len(one)) + math.log(len(other))) if shared else 0.0
