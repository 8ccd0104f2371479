import pytest

from actors.worker.crawler.patterns import PatternError, Patterns, compiled, patterns

URL = "https://example.com/particle/1?edit"


@pytest.mark.parametrize(
    ("include", "exclude", "passes"),
    [
        ((), (), True),
        (("article",), (), True),  # found anywhere, in the middle of a word too
        (("^article",), (), False),
        (("news", "article"), (), True),
        (("news",), (), False),
        ((), ("edit$",), False),
        (("article",), ("edit",), False),
        ((), ("login",), True),
        (("",), (), True),  # an empty pattern counts for nothing
        (("article",), ("",), True),
    ],
)
def test_a_url_passes_when_it_is_included_and_not_excluded(
    include: tuple[str, ...], exclude: tuple[str, ...], passes: bool
) -> None:
    assert Patterns(include, exclude).passes(URL) is passes


def test_only_a_pattern_that_is_not_empty_includes() -> None:
    assert Patterns(("x",)).includes
    assert not Patterns(("",), ("x",)).includes


@pytest.mark.parametrize(
    ("pattern", "position", "reason"),
    [
        ("news(", None, "missing )"),
        ("a[", 1, "missing ]"),
        (r"(a)\1", 3, r"invalid escape sequence: \1"),
        ("x(?=y)", 1, "(?="),
        ("a**", 1, "bad repetition"),
        ("((((((((x{99}){99}){99}){99}){99}){99}){99}){99})", None, ""),
        ("\ud800", 0, "surrogate"),
        ("x" * 10_001, None, "10001 characters"),
    ],
)
def test_what_is_no_regular_expression_is_an_error_that_names_it(
    pattern: str, position: int | None, reason: str
) -> None:
    with pytest.raises(PatternError) as caught:
        Patterns(exclude=[pattern])
    assert caught.value.pattern == pattern
    assert caught.value.position == position
    assert reason in str(caught.value)
    assert repr(pattern[:20])[1:-1] in str(caught.value)


def test_one_bad_pattern_among_good_ones_never_lets_everything_pass() -> None:
    with pytest.raises(PatternError):
        Patterns(include=["good", "("])


def test_a_pattern_that_explodes_elsewhere_takes_linear_time() -> None:
    assert compiled("(a*)*b").search("a" * 50_000) is None


def test_the_patterns_of_a_step_are_compiled_once() -> None:
    assert patterns(("once",), ()) is patterns(("once",), ())
