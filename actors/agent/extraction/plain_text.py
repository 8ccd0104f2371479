"""The words of a Markdown text without its marks: what an extraction library is to see. Pure."""

import re
from collections import Counter

_FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.MULTILINE | re.DOTALL)
_TAG = re.compile(r"<[A-Za-z/][^<>\n]{0,500}>")
_IMAGE = re.compile(r"!\[([^\]\n]{0,500})\]\([^()\s]{0,2000}(?:\s[^()\n]{0,200})?\)")
_LINK = re.compile(r"\[([^\]\n]{0,500})\]\([^()\s]{0,2000}(?:\s[^()\n]{0,200})?\)")
_RULE = re.compile(r"^\s{0,3}([-*_=|:+ ]{3,})$", re.MULTILINE)
_HEADING = re.compile(r"^ {0,3}#{1,6} +(.*)$", re.MULTILINE)
_ITEM = re.compile(r"^[ \t]{0,12}(?:>\s?|[-*+] +|\d{1,3}[.)] +)+", re.MULTILINE)
_EMPHASIS = re.compile(r"(?<!\w)(\*{1,3}|_{1,3}|~~|`+)(?=\S)(.{1,500}?)(?<=\S)\1(?!\w)")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~])")
_REPEATED = re.compile(r"([^\w\s])\1{3,}")
_LABEL = re.compile(r"^([A-Z][\w ]{0,24}):[ \t]+", re.MULTILINE)
MANY = 3
"""So often, a word before a colon is the name of a field, and not what the text is about."""
_BLANK = re.compile(r"\n{3,}")


def plain_text(markdown: str) -> str:
    """The text: links and images without their targets, no code blocks; headings, items and cells apart."""
    text = _REPEATED.sub(r"\1\1\1", _FENCE.sub("", markdown))
    text = _TAG.sub(" ", _without_comments(text))
    text = _LINK.sub(r"\1", _IMAGE.sub(r"\1", text))
    text = _RULE.sub("", text)
    text = _ITEM.sub("\n", _HEADING.sub(r"\n\1\n", text))
    text = _without_labels(text)
    text = _EMPHASIS.sub(r"\2", text)
    text = _ESCAPE.sub(r"\1", text).replace("|", "\n\n")
    return _BLANK.sub("\n\n", text).strip()


def _without_labels(text: str) -> str:
    """The text without the names of fields that line after line begins with, as in lists of records."""
    counts = Counter(_LABEL.findall(text))
    return _LABEL.sub(lambda found: "" if counts[found[1]] >= MANY else found[0], text)


def _without_comments(text: str) -> str:
    """The text without HTML's comments; one that is never closed goes on to the end."""
    first, *others = text.split("<!--")
    return first + "".join(each.partition("-->")[2] for each in others)
