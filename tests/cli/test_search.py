from pathlib import Path

import pytest

from tests.cli.command import quaero


@pytest.mark.usefixtures("filled")
def test_search_shows_the_place_where_the_word_stands(tmp_path: Path) -> None:
    hits = quaero("search", "flour", "--json", cwd=tmp_path).value
    assert [hit["title"] for hit in hits] == ["Bread"]
    assert hits[0]["snippet"] == "[Flour] and yeast."
    assert "score" in hits[0]
    assert "    [Flour] and yeast." in quaero("search", "flour", cwd=tmp_path).out


@pytest.mark.usefixtures("filled")
def test_several_words_are_one_query(tmp_path: Path) -> None:
    assert len(quaero("search", "yeast", "OR", "flour", "--json", cwd=tmp_path).value) == 2
    assert len(quaero("search", "yeast", "flour", "--json", cwd=tmp_path).value) == 1


@pytest.mark.usefixtures("filled")
def test_what_can_not_be_searched_for_is_told_with_its_place(tmp_path: Path) -> None:
    done = quaero("search", 'flour" AND (', "--json", cwd=tmp_path)
    assert done.code == 2
    assert "at character 6 has no closing quotation mark" in done.value["error"]["message"]
    done = quaero("search", "nosuch:flour", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "'nosuch' at character 1 is no field" in done.err
    done = quaero("search", "--json", "--", "...", cwd=tmp_path)
    assert done.code == 2
    assert "there is no word to search for in '...'" in done.value["error"]["message"]


@pytest.mark.usefixtures("filled")
def test_nothing_found_is_no_failure(tmp_path: Path) -> None:
    done = quaero("search", "absent", cwd=tmp_path)
    assert (done.code, done.out, done.err) == (0, "", "nothing found\n")
    assert quaero("search", "absent", "--json", cwd=tmp_path).value == []
