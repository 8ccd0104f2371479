"""HTML that is cheap to parse, whatever it was before. Pure.

A page of 256 KiB that nests 50 000 elements keeps an HTML parser busy for seconds, one of 2 MiB for ten minutes;
unclosed ``<b>`` multiply with every paragraph after them; a tag of 20 000 attributes compares each with all others.
All of this is legal HTML, and no parser we know stops by itself. So a page is written anew before it is parsed:

- every element is closed where it ends, at the latest where its parent does; end tags without a start are left out;
- no element is deeper than ``MAX_DEPTH``, no list or quotation deeper than ``MAX_INDENT``, no tag has more than
  ``MAX_ATTRIBUTES``; what is beyond is left out, the text inside stays;
- comments and the content of scripts and styles are left out; a ``<`` that begins no tag is written ``&lt;``;
- ``svg`` and ``math`` are renamed, since other rules of parsing hold inside them.

The text, the links and the structure that people see are kept. What leaves here nests as it is written, so the
parser's tree is at most a few times deeper than ``MAX_DEPTH`` and its time is linear in the length.

Things that do not work: counting start and end tags (a parser ignores end tags behind a table or an object, so a page
can look flat and be deep), and cutting the page (a scanner that skips what it takes for a comment or a script can be
made to skip what the parser does not; here, what the scanner skips never reaches the parser).
"""

import re

MAX_DEPTH = 256
MAX_INDENT = 24  # Markdown indents every line of a list by its depth
MAX_ATTRIBUTES = 128

_SPACE = r"[\t\n\f\r ]"
_ATTRIBUTE = (
    rf"[^\t\n\f\r />][^\t\n\f\r />=]*+"
    rf"(?:{_SPACE}*+={_SPACE}*+(?:\"[^\"]*+\"|'[^']*+'|(?![\"'])[^\t\n\f\r >]*+))?+"
)
_TOKEN = re.compile(
    rf"<(?P<slash>/?+)(?P<name>[A-Za-z][^\t\n\f\r />]*+)(?P<attributes>(?:[\t\n\f\r /]++|{_ATTRIBUTE})*+)>"
    r"|<!--(?:-?+>|(?P<comment>))"
    r"|<[!?/][^>]*+>"
    r"|<"
)
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_COMMENT_END = re.compile(r"--!?>")

_VOID = frozenset(
    "area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr".split()
)
_DROPPED = frozenset("script style iframe noembed noframes xmp plaintext frameset".split())
"""Their content is no markup for a parser, and no text for a reader."""
_TEXT_ONLY = frozenset({"title", "textarea"})
"""Their content is text with entities, whatever looks like a tag in it."""
_FOREIGN = {"svg": "x-svg", "math": "x-math"}
_INDENTING = frozenset("ul ol dl menu dir blockquote".split())
_CELL_PARTS = frozenset("td th caption".split())
_TABLE_PARTS = _CELL_PARTS | frozenset("tr tbody thead tfoot colgroup".split())
_BLOCKS = _INDENTING | _TABLE_PARTS | frozenset(
    "address article aside center details dialog dd div dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 "
    "header hgroup hr li listing main nav p pre search section summary table".split()
)
_WALLS = frozenset("table td th caption object template button select applet marquee body html".split())
"""End tags and implied ends inside one of these do not reach what is outside of it."""

_CLOSES: dict[str, frozenset[str]] = (
    {name: frozenset({"p"}) for name in _BLOCKS}
    | {"li": frozenset({"li", "p"})}
    | dict.fromkeys(("dd", "dt"), frozenset({"dd", "dt", "p"}))
    | dict.fromkeys(("option", "optgroup"), frozenset({"option"}))
    | dict.fromkeys(("rt", "rp"), frozenset({"rt", "rp"}))
    | dict.fromkeys(("a", "button", "nobr"), frozenset())
)
