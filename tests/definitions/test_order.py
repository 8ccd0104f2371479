import itertools

from hypothesis import given
from hypothesis import strategies as st

from runtime.definitions.order import circle, in_order


def test_names_keep_their_order_unless_a_dependency_wants_another() -> None:
    assert in_order({"c": [], "a": [], "b": []}) == ["c", "a", "b"]
    assert in_order({"c": ["b"], "a": [], "b": []}) == ["a", "b", "c"]
    assert in_order({"a": ["z"], "b": ["z"], "z": [], "y": []}) == ["z", "a", "b", "y"]


def test_a_circle_is_named_without_what_only_waits_for_it() -> None:
    assert circle({"a": ["b"], "b": ["c"], "c": ["b"], "d": []}) == ["b", "c", "b"]
    assert circle({"a": ["a"]}) == ["a", "a"]
    assert circle({"a": [], "b": ["a"]}) is None


def test_ten_thousand_names_in_a_row_need_no_recursion() -> None:
    row: dict[str, list[str]] = {"0": [], **{str(number): [str(number - 1)] for number in range(1, 10_000)}}

    assert in_order(row) == list(row)
    assert len(circle({**row, "0": ["9999"]}) or []) == 10_001


GRAPHS = st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=3))


@given(GRAPHS)
def test_an_order_puts_each_after_what_it_needs_and_leaves_out_only_what_a_circle_holds_up(
    depends: dict[str, list[str]],
) -> None:
    ordered = in_order(depends)

    for name in ordered:
        before = ordered[: ordered.index(name)]
        assert all(each in before for each in depends[name] if each in depends)
    assert (circle(depends) is None) == (len(ordered) == len(depends))


@given(GRAPHS)
def test_a_circle_is_one(depends: dict[str, list[str]]) -> None:
    names = circle(depends)
    if names is None:
        return
    assert names[0] == names[-1]
    assert all(later in depends[name] for name, later in itertools.pairwise(names))
