"""What HTML's elements do to each other, as far as ``defuse`` needs to know: which have no content, which end which."""

from enum import Enum, StrEnum, auto

VOID = frozenset(
    [
        "area",
        "base",
        "basefont",
        "bgsound",
        "br",
        "col",
        "embed",
        "hr",
        "image",
        "img",
        "input",
        "keygen",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    ]
)
"""They have no content and no end tag."""

DROPPED = frozenset(["script", "style", "iframe", "noembed", "xmp", "plaintext"])
"""Their content is no markup for a parser and no text for a reader."""

TEXT_ONLY = frozenset(["title", "textarea"])
"""Their content is text, whatever looks like a tag in it."""

UNWRAPPED = frozenset(["frameset", "frame", "noframes"])
"""Left out themselves, so that what a page has for readers without frames is read."""

ONCE = frozenset(["html", "head", "body"])
"""A page has one of each, wherever its tags stand."""

FOREIGN = {"svg": "x-svg", "math": "x-math"}
"""Other rules of parsing hold in these; under another name they do not."""

INDENTING = frozenset(["ul", "ol", "dl", "menu", "dir", "blockquote"])
"""Markdown indents every line in one of these."""

FORMATTING = frozenset(
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"]
)
"""A parser opens these again in the next paragraph when they were not closed."""

HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])

_CELLS = frozenset(["td", "th", "caption", "colgroup"])
_ROWS = _CELLS | {"tr"}
TABLE_PARTS = _ROWS | {"tbody", "thead", "tfoot"}

CELLS = frozenset(["td", "th"])
TABLE_INSIDES = frozenset(["table", "tbody", "thead", "tfoot", "tr", "colgroup"])
"""Directly in these stand parts of a table and nothing else."""

OF_TABLES = TABLE_PARTS | {"col", "template"}
"""What may stand there."""

LOST_IN_TABLES = frozenset(["form", "input"])
"""What pages write there all the same, without anything to read in it."""

BLOCKS = (
    INDENTING
    | HEADINGS
    | TABLE_PARTS
    | frozenset(
        [
            "address",
            "article",
            "aside",
            "center",
            "details",
            "dialog",
            "dd",
            "div",
            "dt",
            "fieldset",
            "figcaption",
            "figure",
            "footer",
            "form",
            "header",
            "hgroup",
            "hr",
            "li",
            "listing",
            "main",
            "nav",
            "p",
            "pre",
            "search",
            "section",
            "summary",
            "table",
        ]
    )
)
"""An end tag of an inline element does not reach beyond one of these."""

WALLS = frozenset(
    ["table", "td", "th", "caption", "object", "template", "button", "select", "applet", "marquee"]
)
"""What stands inside one of these ends nothing that is outside of it."""

TABLE_WALLS = frozenset(["table", "template"])
"""The same for the parts of a table."""

_NOTHING: frozenset[str] = frozenset()

ENDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    **{name: (frozenset(["p"]), WALLS) for name in BLOCKS - TABLE_PARTS},
    **{name: (HEADINGS | {"p"}, WALLS) for name in HEADINGS},
    "li": (frozenset(["li", "p"]), WALLS | {"ul", "ol", "menu", "dir"}),
    **{name: (frozenset(["dd", "dt", "p"]), WALLS | {"dl"}) for name in ("dd", "dt")},
    **{name: (frozenset([name]), WALLS) for name in ("a", "nobr")},
    **{name: (frozenset(["option"]), WALLS) for name in ("option", "optgroup")},
    **{name: (frozenset(["rt", "rp"]), WALLS | {"ruby"}) for name in ("rt", "rp")},
    "button": (frozenset(["button"]), WALLS - {"button"}),
    "table": (frozenset(["table", "p"]), frozenset(["td", "th", "caption", "template"])),
    **dict.fromkeys(("td", "th"), (_CELLS, TABLE_WALLS)),
    "tr": (_ROWS, TABLE_WALLS),
    **dict.fromkeys(TABLE_PARTS - {"td", "th", "tr"}, (TABLE_PARTS, TABLE_WALLS)),
}
"""Which open elements the start of an element ends, and how far out they are looked for."""


def walls_of_end_tag(name: str) -> frozenset[str]:
    """How far out an end tag looks for its start: not beyond one of these."""
    if name in TABLE_PARTS or name == "table":
        return TABLE_WALLS
    if name == "li":
        return WALLS | {"ul", "ol", "menu", "dir"}
    if name in BLOCKS or name in FORMATTING or name in WALLS:
        return WALLS
    return WALLS | BLOCKS


class Kind(Enum):
    """Elements that are not simply opened and closed."""

    ONCE = auto()
    UNWRAPPED = auto()
    DROPPED = auto()
    TEXT_ONLY = auto()
    FOREIGN = auto()


KINDS = {
    name: kind
    for kind, names in (
        (Kind.ONCE, ONCE),
        (Kind.UNWRAPPED, UNWRAPPED),
        (Kind.DROPPED, DROPPED),
        (Kind.TEXT_ONLY, TEXT_ONLY),
        (Kind.FOREIGN, FOREIGN),
    )
    for name in names
}


class Group(StrEnum):
    """Elements that there may be only so many of, one inside the other or in a page."""

    # No element has such a name, so that names and groups can be counted in one table.
    NONE = "(none)"
    INDENTING = "(indenting)"
    FORMATTING = "(formatting)"
    TABLE = "(table)"


GROUPS = (
    dict.fromkeys(INDENTING, Group.INDENTING)
    | dict.fromkeys(FORMATTING, Group.FORMATTING)
    | dict.fromkeys(CELLS | {"table", "tr"}, Group.TABLE)
)
