"""Definitions by their ids: from code, from a directory, and what they say of each other."""

from pathlib import Path

import pytest

from actors.job import JobDefinition, OnError, Step, WaitRole
from runtime.definitions import DefinitionError, DefinitionLibrary
from runtime.definitions.links import waits
from tests.definitions.actions import MANAGERS


def write(directory: Path, name: str, *lines: str) -> Path:
    file = directory / f"{name}.toml"
    file.write_text("\n".join((f'id = "{name}"', 'name = "x"', "max_depth = 1", *lines)) + "\n")
    return file


def made(
    name: str, *, pre: tuple[str, ...] = (), post: tuple[str, ...] = (), enabled: bool = True
) -> JobDefinition:
    return JobDefinition(name, name, (Step("only", "act"),), pre_jobs=pre, post_jobs=post, enabled=enabled)


def library_of(directory: Path) -> DefinitionLibrary:
    return DefinitionLibrary.from_directory(directory, managers=MANAGERS)


def faults_of(*definitions: JobDefinition) -> list[str]:
    with pytest.raises(DefinitionError) as refused:
        DefinitionLibrary.of(definitions)
    return [str(each) for each in refused.value.diagnostics]


def test_a_directory_is_loaded_file_by_file_in_the_order_of_names(tmp_path: Path) -> None:
    write(tmp_path, "b")
    write(tmp_path, "a")
    (tmp_path / "notes.txt").write_text("not TOML")

    library = library_of(tmp_path)

    assert [each.definition.id for each in library] == ["a", "b"]
    assert "a" in library
    assert (found := library.get("a")) is not None
    assert found.name == "x"
    assert library.get("c") is None


def test_two_files_of_a_directory_may_not_have_one_id(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text('id = "same"\nname = "x"\nmax_depth = 1\n')

    with pytest.raises(DefinitionError, match=r'b\.toml:1: the id "same" is that of .*a\.toml:1 too'):
        library_of(tmp_path)


def test_an_id_that_two_files_have_is_told_beside_the_faults_of_other_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text('name = "x"\nid = "same"\nmax_depth = 1\n')
    (tmp_path / "c.toml").write_text("not TOML")

    with pytest.raises(DefinitionError) as refused:
        library_of(tmp_path)

    assert [(Path(each.file).name, each.line) for each in refused.value.diagnostics] == [
        ("c.toml", 1),
        ("b.toml", 2),
    ]


def test_all_faults_of_all_files_of_a_directory_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("max_depth = 1\n")
    (tmp_path / "b.toml").write_text("not TOML")

    with pytest.raises(DefinitionError) as refused:
        library_of(tmp_path)

    assert len(refused.value.diagnostics) == 3


def test_a_directory_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="can not be read: No such file or directory"):
        library_of(tmp_path / "absent")


def test_definitions_that_start_each_other_in_a_circle_are_an_error(tmp_path: Path) -> None:
    write(tmp_path, "a", 'pre_jobs = ["b"]')
    write(tmp_path, "b", "", 'post_jobs = ["a"]')

    with pytest.raises(DefinitionError, match=r'a\.toml:4: .* in a circle: "a" → "b" → "a"'):
        library_of(tmp_path)


def test_an_unknown_id_is_told_with_its_line_and_the_nearest_known_one(tmp_path: Path) -> None:
    write(tmp_path, "a", "post_jobs = [", '  "fetch",', '  "indexx"]')
    write(tmp_path, "fetch")
    write(tmp_path, "index")

    with pytest.raises(DefinitionError) as refused:
        library_of(tmp_path)

    (fault,) = refused.value.diagnostics
    assert (fault.line, fault.key_path) == (6, "post_jobs[1]")
    assert str(fault).endswith('post_jobs: no definition has the id "indexx"; did you mean "index"?')


def test_a_file_may_name_what_was_given_in_code(tmp_path: Path) -> None:
    write(tmp_path, "a", 'pre_jobs = ["made"]')

    library = DefinitionLibrary.from_directory(
        tmp_path, managers=MANAGERS, beside=DefinitionLibrary.of([made("made")])
    )

    assert [each.definition.id for each in library] == ["made", "a"]


def test_of_definitions_made_in_code_the_fault_names_the_definition() -> None:
    assert faults_of(made("a", pre=("b",))) == [
        (
            'definition "a": pre_jobs: no definition has the id "b"; '
            "put its file into the same directory, or give it to the runtime"
        )
    ]
    assert faults_of(made("a"), made("a")) == [
        'the id "a" is that of another definition too; give one of them another id'
    ]


def test_a_definition_that_names_itself_is_refused() -> None:
    assert faults_of(made("a", post=("a",)))[0] == (
        'definition "a": post_jobs: "a" is this definition itself; remove it'
    )


def test_one_that_must_run_both_before_and_after_another_is_refused() -> None:
    (fault,) = faults_of(made("a", pre=("b",), post=("b",)), made("b"))

    assert 'would wait for each other: "a" → "b" → "a"' in fault


def test_runs_that_would_wait_for_each_other_by_a_detour_are_refused() -> None:
    first, last = made("first", pre=("mid",)), made("last", post=("mid",))

    assert len(DefinitionLibrary.of([first, last, made("mid")])) == 3  # never one submit
    (fault,) = faults_of(first, last, made("mid"), made("all", pre=("first",), post=("last",)))
    assert "wait for each other" in fault


def test_what_is_linked_comes_along_once_however_often_it_is_named() -> None:
    top = made("top", pre=("left", "right"), post=("after",))
    library = DefinitionLibrary.of(
        [
            top,
            made("left", pre=("deep",)),
            made("right", pre=("deep",)),
            made("deep"),
            made("after"),
            made("other"),
        ]
    )

    assert [each.id for each in library.linked(top)] == ["top", "left", "right", "after", "deep"]


def test_a_post_job_that_is_not_enabled_is_left_out_and_a_pre_job_is_refused() -> None:
    off = made("off", enabled=False)
    after = made("after", post=("off",))

    assert DefinitionLibrary.of([off, after]).linked(after) == (after,)
    assert "is not enabled" in faults_of(off, made("before", pre=("off",)))[0]


def test_one_submit_brings_a_hundred_runs_at_most() -> None:
    others = [made(f"d{number}") for number in range(100)]
    ids = tuple(each.id for each in others)

    assert len(DefinitionLibrary.of(others).linked(made("most", pre=ids[:99]))) == 100
    (fault,) = faults_of(*others, made("more", pre=ids))
    assert "bring 100 more runs, at most 100" in fault


def test_a_definition_of_no_library_finds_its_links_in_it() -> None:
    library = DefinitionLibrary.of([made("b")])

    assert [each.id for each in library.linked(made("a", pre=("b",)))] == ["a", "b"]
    with pytest.raises(DefinitionError, match='no definition has the id "c"'):
        library.linked(made("a", pre=("c",)))


def test_a_definition_whose_run_must_wait_needs_a_step() -> None:
    empty = JobDefinition("empty", "Empty", (), pre_jobs=("a",))

    assert 'definition "empty" has no steps' in faults_of(made("a"), empty)[0]
    assert "has no steps" in faults_of(JobDefinition("b", "B", ()), made("a", post=("b",)))[0]


def test_runs_wait_for_what_is_before_them() -> None:
    main = made("main", pre=("fetch",), post=("report",))
    lenient = JobDefinition(
        "lenient", "x", (Step("s", "act", on_error=OnError.CONTINUE),), pre_jobs=("fetch",)
    )

    assert waits([main, made("fetch"), made("report")]) == {
        ("main", "fetch"): WaitRole.PRE,
        ("report", "main"): WaitRole.POST,
    }
    assert waits([lenient, made("fetch")]) == {("lenient", "fetch"): WaitRole.PRE_OPTIONAL}


def test_what_runs_before_a_post_job_waits_with_it_unless_it_is_needed_earlier() -> None:
    shared = made("main", pre=("fetch",), post=("report",))
    report = made("report", pre=("fetch", "layout"))
    layout = made("layout", pre=("fonts",))

    found = waits([shared, made("fetch"), report, layout, made("fonts")])

    assert {pair for pair, role in found.items() if role is WaitRole.POST} == {
        ("report", "main"),
        ("layout", "main"),
        ("fonts", "main"),
    }
    assert ("report", "fetch") in found
