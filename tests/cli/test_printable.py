import pytest

from runtime.cli.printable import one_line, visible


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain", "plain"),
        ("  two\n\tlines ", "two lines"),
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("\x9b31m red", "\\x9b31m red"),
        ("Grüße, 世界", "Grüße, 世界"),
        ("right\u202eleft", "right\\u202eleft"),
        ("half \udcff", "half \\udcff"),
    ],
)
def test_a_line_has_no_character_that_moves_a_terminals_cursor(text: str, line: str) -> None:
    assert one_line(text) == line


def test_visible_text_keeps_its_line_breaks_and_tabs() -> None:
    assert visible("a\n\tb\x07") == "a\n\tb\\x07"
