"""Names in an English text: runs of capitalised words, told apart by the words in and before them. Pure."""

import re
from collections.abc import Iterator

_NAME = r"(?:(?:Mr|Mrs|Ms|Dr|Prof|St|[A-Z])\.|[A-Z][\w'\u2019&-]*)"
_RUN = re.compile(rf"\b{_NAME}(?:[ \t]+(?:(?:of|the|de|van|von|der|da|&)[ \t]+){{0,2}}{_NAME}){{0,5}}")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ORGANISATION = _words(
    "Agency Airlines Association Bank Bureau Club College Committee Company Corp Corporation Council"
    " Department Federation Foundation GmbH Group Hospital Inc Institute Laboratory Labs Ltd LLC Ministry"
    " Museum Organisation Organization Party Press School Society Team Trust Union University AG SA PLC"
)
_PLACE = _words(
    "Avenue Bay Beach Boulevard Bridge City County Desert District Drive Forest Garden Gardens Harbour"
    " Hill Hills Island Islands Lake Lane Mountain Mountains Park Peninsula Road River Sea Square State"
    " Street Valley Village"
)
_TITLE = _words(
    "Mr Mrs Ms Miss Dr Prof Professor President Minister Sir Lady Lord King Queen Captain Judge Senator"
    " Chancellor Director Author"
)
_BEFORE_PLACE = _words("in at near from to around across outside towards via")
_BEFORE_PERSON = _words("by said says told with asked wrote")
_NO_NAME = _words(
    "A An And As At But By For From He Her His How I If In It Its My No Not Of On Or Our She So That The"
    " Their Then There These They This Those To We What When Where Which While Who Why With You Your"
    " January February March April May June July August September October November December Monday Tuesday"
    " Wednesday Thursday Friday Saturday Sunday"
)


def names(text: str) -> Iterator[tuple[str, str]]:
    """Names and what they probably are: person, organization or location. Those nothing speaks for are left out."""
    for block in text.split("\n"):
        for match in _RUN.finditer(block):
            found = _trimmed(match.group())
            if found:
                kind = _kind(found, _word_before(block, match.start()))
                if kind is not None:
                    yield " ".join(found), kind


def _trimmed(run: str) -> list[str]:
    """The words of a run without those that only begin a sentence."""
    found = [word.strip(".,;:'\u2019-") for word in run.split()]
    while found and found[0] in _NO_NAME:
        found = found[1:]
    while found and (found[-1] in _NO_NAME or found[-1].islower()):
        found = found[:-1]
    return [word for word in found if word]


def _word_before(block: str, start: int) -> str:
    before = block[max(0, start - 40) : start].split()
    return before[-1].strip("(,;:").lower() if before else ""


def _kind(found: list[str], before: str) -> str | None:
    if found[0] in _TITLE:
        return "person" if len(found) > 1 else None
    if found[-1] in _ORGANISATION or found[0] in {"University", "Bank", "Ministry", "Museum", "Institute"}:
        return "organization" if len(found) > 1 else None
    if found[-1] in _PLACE or found[0] in {"Lake", "Mount", "Cape", "Port"}:
        return "location" if len(found) > 1 else None
    if before in _BEFORE_PLACE and not found[0].isupper():
        return "location"
    if 2 <= len(found) <= 3 and (before in _BEFORE_PERSON or _are_given_names(found)):
        return "person"
    return None


def _are_given_names(found: list[str]) -> bool:
    """Whether all words look like those of a person: one capital and the rest small."""
    return all(_is_given_name(word) for word in found)


def _is_given_name(word: str) -> bool:
    letters = word[1:].replace("-", "a")
    return len(word) > 2 and word[0].isupper() and letters.isalpha() and not word.isupper()
