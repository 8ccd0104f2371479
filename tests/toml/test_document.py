import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.toml.diagnostic import Diagnostic
from runtime.toml.document import LARGEST_FILE, UnreadableError, parse_document, read_document
from tests.machine import slowness, soonest


def refusal(content: bytes | str) -> Diagnostic | None:
    """Why the content is no document; None = it is one."""
    try:
        parse_document(content, file="docs.toml")
    except UnreadableError as refused:
        return refused.diagnostic
    return None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a = 1\nb = three\n", 'docs.toml:2: not TOML: invalid value in "b = three"; put text in quotes'),
        ("a = 1\r\nb = three\r\n", 'docs.toml:2: not TOML: invalid value in "b = three"; put text in quotes'),
        (
            "a = 1\n\na = 2\n",
            "docs.toml:3: a is defined twice, the first time on line 1; rename or remove one",
        ),
        (
            "[step.a]\nx = 1\n[step.a]\n",
            'docs.toml:3: step "a" is defined twice, the first time on line 1; rename or remove one',
        ),
        (
            "a = 1\ntags = [\n 'x',\n 'y'\nb = 2\n",
            "docs.toml:2: not TOML: the list that begins here is not closed, or a comma is missing",
        ),
        ("a = 1\nname = 'x\n", "docs.toml:2: not TOML: the text that begins here is not closed"),
        (b"a = 1\nb = '\xe9'\n", "docs.toml:2: is not UTF-8 text: byte 0xe9; save it as UTF-8"),
        (b"\xff\xfea\x00", "docs.toml:1: is not UTF-8 text: byte 0xff; save it as UTF-8"),
        ("a = 1\n# \0\n", "docs.toml:2: holds a NUL byte, so it is not text"),
        ("a = 1\nb = " + "9" * 5000, "docs.toml:2: not TOML: Exceeds the limit"),
        ("a = 1\nd = 2026-02-30\n", "docs.toml:2: not TOML: invalid date or datetime"),
        ("#" * (LARGEST_FILE + 1), "docs.toml: is larger than 1 MiB; is this the right file?"),
    ],
)
def test_what_is_not_toml_is_one_message_with_its_line(content: bytes | str, message: str) -> None:
    assert str(refusal(content)).startswith(message)


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    document = parse_document(b"\xef\xbb\xbfid = 'x'\r\n", file="docs.toml")

    assert document.table == {"id": "x"}
    assert document.line(("id",)) == 1


@pytest.mark.parametrize(
    "content",
    [
        "a" * 100_000 + " = 1",
        "a." * 50_000 + "a = 1",
        "a = " + "[" * 500_000,
        "a = " + "{a=" * 300_000,
        "a = [" + "1," * 500_000,
        "".join(f"a{number} = 1\n" for number in range(100_000))[:LARGEST_FILE],
        "".join(f"a{number} = 1\n" for number in range(49_000)),
        "".join(f"[[a]]\nb.c.d = {number}\n" for number in range(12_000)),
        'a = "' + "\\n" * 500_000,
        'a = """' + '""x' * 340_000,
        "\n" * LARGEST_FILE,
        "a = 0x" + "f" * 1_000_000,
        "a = 1e" + "9" * 1_000_000,
        '"' * LARGEST_FILE,
        "'" * LARGEST_FILE,
        "[" * LARGEST_FILE,
        "=" * LARGEST_FILE,
        "a=[" + '"""x""",' * 120_000,
        "{" * LARGEST_FILE,
    ],
    ids=lambda content: content[:12] + "…",
)
def test_a_hostile_file_is_answered_with_two_seconds_of_computing(content: str) -> None:
    refused: set[str] = set()

    def seconds() -> float:
        started = time.process_time()
        refused.add(str(refusal(content)))
        return (time.process_time() - started) / slowness()

    assert soonest(seconds, 2) < 2
    (words,) = refused
    assert len(words) < 300
    assert "\n" not in words


@given(st.binary(max_size=60))
def test_any_bytes_are_a_document_or_one_refusal(content: bytes) -> None:
    refused = refusal(content)

    assert "\n" not in str(refused)
    assert refused is None or refused.line is None or 1 <= refused.line <= content.count(b"\n") + 1


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("absent.toml", "there is no such file; check the path"),
        (".", "is a directory, not a file; name a .toml file in it"),
        ("file.toml/below.toml", "can not be read: Not a directory"),
        ("n" * 300, "can not be read: File name too long"),
        ("loop.toml", "can not be read: Too many levels of symbolic links"),
        ("pipe.toml", "is not a regular file; copy it to one first"),
        ("a\0b", "is no path: embedded null byte"),
    ],
)
def test_a_path_that_can_not_be_read_is_one_message_that_names_it(
    tmp_path: Path, name: str, sentence: str
) -> None:
    (tmp_path / "file.toml").write_text("a = 1\n")
    (tmp_path / "loop.toml").symlink_to(tmp_path / "loop.toml")
    os.mkfifo(tmp_path / "pipe.toml")

    with pytest.raises(UnreadableError) as refused:
        read_document(f"{tmp_path}/{name}")

    assert str(refused.value).endswith(sentence)
    assert str(tmp_path) in str(refused.value)
    assert "\0" not in str(refused.value)


def test_a_device_is_not_read() -> None:
    with pytest.raises(UnreadableError, match="is not a regular file"):
        read_document("/dev/zero")


def test_a_file_is_known_by_the_name_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "docs.toml").write_bytes(b"id = 'x'\r\n\r\n[step.crawl]\r\nmax_depth = 3\r\n")

    document = read_document(tmp_path / "docs.toml")

    assert document.file == str(tmp_path / "docs.toml")
    assert document.line(("step", "crawl", "max_depth")) == 4
