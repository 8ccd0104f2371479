from actors.worker.crawler.parsed import MAX_TEXT_BYTES, bounded, plain


def test_nobody_gets_half_a_character() -> None:
    text = bounded("a" + "ä" * MAX_TEXT_BYTES)

    assert len(text.encode()) == MAX_TEXT_BYTES - 1
    assert set(text) == {"a", "ä"}


def test_text_within_the_bound_is_not_touched() -> None:
    text = "\U0001f577" * (MAX_TEXT_BYTES // 4)

    assert bounded(text) == text


def test_text_has_no_nul() -> None:
    assert bounded("a\0b") == "a\ufffdb"


def test_a_plain_text_is_kept_and_named_by_its_url() -> None:
    page = plain("one  two\n", "http://h/x.txt")

    assert (page.title, page.text, page.links) == ("http://h/x.txt", "one  two\n", ())
    assert page.metadata == {"word_count": 2, "text_length": 9}
