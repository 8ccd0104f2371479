"""Text from elsewhere (pages, files, arguments) made safe for a terminal. Pure.

A page's title may hold escape sequences; printed as they are they would move the cursor or set the window's title.
Under ``--json`` text is left as it is: JSON escapes control characters itself.
"""

_KEPT = {"\n", "\t"}


def one_line(text: str) -> str:
    r"""The text on one line: white space folded, what can not be printed shown as ``\x1b``."""
    return visible(" ".join(text.split()))


def visible(text: str) -> str:
    r"""The text with its line breaks, what can not be printed shown as ``\x1b``."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in _KEPT else _escaped(character)
        for character in text
    )


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
