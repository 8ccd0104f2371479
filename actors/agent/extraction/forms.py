"""Entities that have a form: dates, amounts, shares, addresses of mail and web, numbers of telephones. Pure."""

import re

_MONTHS = (
    "Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:t(?:ember)?)?|Oct(?:ober)?"
    "|Nov(?:ember)?|Dec(?:ember)?"
)
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("url", re.compile(r"\bhttps?://[^\s<>\"')\]]{3,500}")),
    ("email", re.compile(r"\b[A-Za-z0-9][\w.+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}\b")),
    (
        "date",
        re.compile(
            rf"\b(?:\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}"
            rf"|\d{{1,2}}(?:st|nd|rd|th)?\s(?:{_MONTHS})\.?(?:,?\s\d{{4}})?"
            rf"|(?:{_MONTHS})\.?\s\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s\d{{4}})?|(?:{_MONTHS})\s\d{{4}})\b"
        ),
    ),
    (
        "money",
        re.compile(
            r"(?:[$€£¥]\s?\d[\d.,]{0,20}\d|[$€£¥]\s?\d)(?:\s?(?:million|billion|trillion|[kmb]n?)\b)?"
            r"|\b\d[\d.,]{0,20}\s?(?:USD|EUR|GBP|AUD|JPY|CHF|dollars|euros|pounds)\b",
            re.IGNORECASE,
        ),
    ),
    ("percentage", re.compile(r"\b\d{1,12}(?:[.,]\d{1,12})?\s?(?:%|percent\b)")),
    (
        "phone",
        re.compile(r"(?<![\w.])\+\d{1,3}[\s.-]?(?:\(\d{1,4}\)[\s.-]?)?\d{1,4}(?:[\s.-]?\d{2,4}){1,4}\b"),
    ),
)


def formed(text: str) -> tuple[list[tuple[str, str]], str]:
    """Those of a text with what they are, and the text without them."""
    found: list[tuple[str, str]] = []
    for kind, form in _FORMS:
        found += [(match.group().rstrip(".,;:!?"), kind) for match in form.finditer(text)]
        text = form.sub(" ; ", text)
    return found, text
