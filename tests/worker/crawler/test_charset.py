import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.worker.crawler.charset import decode


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("Grüße".encode(), "text/html", "Grüße"),
        ("Grüße".encode("latin-1"), "text/html; charset=ISO-8859-1", "Grüße"),
        (b"\x80", "text/html; charset=latin1", "€"),  # who says Latin 1 means Windows
        ("Привет".encode("cp1251"), 'text/html;charset="windows-1251"', "Привет"),
        ("日本".encode("shift_jis"), "text/html; charset=Shift_JIS", "日本"),
        (
            b"<meta charset='windows-1251'>" + "Привет".encode("cp1251"),
            "text/html",
            "<meta charset='windows-1251'>Привет",
        ),
        (
            b'<META http-equiv=Content-Type content="text/html; charset=euc-jp">' + "日本".encode("euc_jp"),
            "",
            '<META http-equiv=Content-Type content="text/html; charset=euc-jp">日本',
        ),
        (
            b'<?xml version="1.0" encoding="koi8-r"?>' + "Привет".encode("koi8-r"),
            "text/xml",
            '<?xml version="1.0" encoding="koi8-r"?>Привет',
        ),
        (b"\xef\xbb\xbfx\xc3\xa4", "text/html; charset=latin1", "xä"),  # the mark is stronger than the header
        (b"\xff\xfe" + "xä".encode("utf-16-le"), "", "xä"),
        (b"\xfe\xff" + "xä".encode("utf-16-be"), "", "xä"),
        ("xä".encode("utf-16-le"), "text/html; charset=utf-16", "xä"),
        (
            b"<meta charset=utf-16>\xc3\xa4",
            "",
            "<meta charset=utf-16>ä",
        ),  # it can not be, since it was readable
        (b"\xc3\xa4", "text/html; charset=utf8", "ä"),
        (b"\xc3\xa4", "text/html; charset=nonsense", "ä"),
        (b"\xc3\xa4", "text/html; charset=base64", "ä"),
        (b"+AOQ-", "text/html; charset=utf-7", "+AOQ-"),
        (b"\\u0041", "text/html; charset=unicode_escape", "\\u0041"),
        (b"a\xffb", "text/html", "a\ufffdb"),
        (b"", "text/html", ""),
    ],
)
def test_bytes_become_text_by_mark_header_declaration_or_as_utf_8(
    body: bytes, content_type: str, text: str
) -> None:
    assert decode(body, content_type) == text


@given(st.binary(), st.text())
def test_no_bytes_and_no_claimed_encoding_make_it_raise(body: bytes, label: str) -> None:
    text = decode(body, f"text/html; charset={label}")
    text.encode()  # nor do they leave half a surrogate pair


@given(
    st.binary(max_size=100),
    st.sampled_from(["idna", "punycode", "undefined", "rot13", "utf-32", "utf-16", "hex", "zip"]),
)
def test_pythons_own_codecs_do_no_harm(body: bytes, label: str) -> None:
    decode(body, f"text/html; charset={label}")
    decode(b"<meta charset=" + label.encode() + b">" + body)
