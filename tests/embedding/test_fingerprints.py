"""What tells requests with one submit key apart, by each way a run is submitted."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.job import JobDefinition, Step
from runtime import FanOut, Runtime
from runtime.definitions import DefinitionError
from runtime.embedding import KeyTakenError, RefusedError
from runtime.fingerprint import Fingerprint, of_definition, of_rerun, of_text
from runtime.settings import RuntimeSettings
from tests.embedding.gates import AtGate
from tests.embedding.workers import Number, double, gated

WAIT = 100.0


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    (tmp_path / "definitions").mkdir()
    for name in ("known", "other"):
        (tmp_path / "definitions" / f"{name}.toml").write_text(definition_text(name))
    settings = RuntimeSettings(
        store=tmp_path / "jobs.db", definitions_directory=tmp_path / "definitions", grace_seconds=0.5
    )
    with Runtime(settings, workers=[double]) as runtime:
        yield runtime


def definition_text(name: str, text: str = "") -> str:
    return f'id = "{name}"\nname = "A"\ndescription = "{text}"\n[step.a]\naction = "transform"\n'


def made(name: str = "d", **fields: Any) -> JobDefinition:
    return JobDefinition(name, "D", (), **fields)


def test_what_a_definition_says_counts_not_how() -> None:
    step = Step("a", "act", {"x": 1, "y": [2]})
    turned = msgspec.structs.replace(step, config={"y": [2], "x": 1})
    one = JobDefinition("d", "D", (step,))
    assert of_definition(one) == of_definition(JobDefinition("d", "D", (turned,), description=""))
    assert of_definition(one) != of_definition(msgspec.structs.replace(one, priority=1))
    found = [of_text("1"), of_text("2"), of_rerun(1), of_rerun(2), of_definition(one)]
    assert len({*found}) == len(found)
    pieces = Fingerprint("fan_out"), Fingerprint("fan_out")
    for each, said in zip(pieces, (["ab", "c"], ["a", "bc"]), strict=True):
        for piece in said:
            each.add(piece)
    assert pieces[0].text != pieces[1].text


def test_a_definition_that_is_handed_over_is_told_by_what_it_says(runtime: Runtime) -> None:
    first = runtime.submit(made(), key="k")
    assert runtime.submit(made(), key="k").id == first.id
    with pytest.raises(KeyTakenError, match=f"the key 'k' belongs to run {first.id}") as refused:
        runtime.submit(made(description="otherwise"), key="k")
    assert refused.value.run_id == first.id
    assert isinstance(refused.value, RefusedError)
    assert runtime.submit(made(description="otherwise"), key="l").id != first.id


def test_a_definition_that_is_named_is_told_by_its_id(runtime: Runtime, tmp_path: Path) -> None:
    first = runtime.submit("known", key="k")
    (tmp_path / "definitions" / "known.toml").write_text(definition_text("known", "changed"))
    assert runtime.submit("known", key="k").id == first.id
    with pytest.raises(KeyTakenError):
        runtime.submit("other", key="k")


def test_a_file_is_told_by_what_it_says(runtime: Runtime, tmp_path: Path) -> None:
    file, same = tmp_path / "a.toml", tmp_path / "b.toml"
    for each in (file, same):
        each.write_text(definition_text("a"))
    first = runtime.submit(file, key="k")
    assert runtime.submit(same, key="k").id == first.id
    file.write_text(definition_text("a", "changed"))
    with pytest.raises(KeyTakenError):
        runtime.submit(file, key="k")


def test_a_fan_out_is_told_by_its_payloads(runtime: Runtime) -> None:
    first = runtime.fan_out(double, map(Number, range(1500)), key="k")
    assert runtime.fan_out(double, map(Number, range(1500)), key="k").id == first.id
    for payloads in (map(Number, range(1499)), map(Number, range(1, 1501)), iter(())):
        with pytest.raises(KeyTakenError):
            runtime.fan_out(double, payloads, key="k")
    with pytest.raises(KeyTakenError):
        runtime.fan_out(double, map(Number, range(1500)), key="k", concurrency=3)
    assert first.wait(WAIT).state == "completed"
    with runtime.reader.snapshot() as connection:
        assert connection.execute("SELECT count(*) FROM staged_page").fetchone() == (0,)


def test_a_text_of_the_callers_own_says_what_counts(runtime: Runtime) -> None:
    first = runtime.fan_out(double, [Number(1)], key="day", fingerprint="of the day")
    assert runtime.fan_out(double, [Number(2)], key="day", fingerprint="of the day").id == first.id
    assert runtime.submit(made(), key="day", fingerprint="of the day").id == first.id
    with pytest.raises(KeyTakenError):
        runtime.fan_out(double, [Number(1)], key="day", fingerprint="of the night")
    wrong: Any
    for wrong in (3, "\ud800"):
        with pytest.raises(RefusedError, match="fingerprint must be a text"):
            runtime.submit(made(), key="x", fingerprint=wrong)


def test_the_same_holds_for_asyncio(runtime: Runtime) -> None:
    async def submitted() -> None:
        first = await runtime.submit_async(made(), key="k")
        assert (await runtime.submit_async(made(), key="k")).id == first.id
        with pytest.raises(KeyTakenError):
            await runtime.submit_async(made("e"), key="k")
        with pytest.raises(KeyTakenError):
            await runtime.fan_out_async(double, [Number(1)], key="k")

    asyncio.run(submitted())


def test_a_run_is_made_again_once_for_a_key(runtime: Runtime) -> None:
    old = runtime.fan_out(double, map(Number, range(3)))
    old.wait(WAIT)
    again = runtime.rerun(old.id, key="again")
    assert runtime.rerun(old.number, key="again").id == again.id != old.id
    assert again.wait(WAIT).state == "completed"
    with pytest.raises(KeyTakenError, match=again.id):
        runtime.rerun(again.id, key="again")
    with pytest.raises(KeyTakenError, match=again.id):
        runtime.submit(made(), key="again")
    with pytest.raises(RefusedError, match="key must be a text"):
        runtime.rerun(old.id, key="")


def test_an_enqueue_with_the_key_of_another_request_leaves_the_callers_transaction(
    runtime: Runtime, tmp_path: Path
) -> None:
    first = runtime.submit(made(), key="k")
    with closing(sqlite3.connect(tmp_path / "jobs.db", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE orders (number INTEGER)")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO orders VALUES (1)")
        for what in (made("e"), FanOut(double, [Number(1)]), "known"):
            with pytest.raises(KeyTakenError, match=first.id):
                runtime.enqueue(connection, what, key="k")
        assert runtime.enqueue(connection, made(), key="k") == first.id
        named = runtime.enqueue(connection, "known", key="l", fingerprint="mine")
        assert runtime.enqueue(connection, made("e"), key="l", fingerprint="mine") == named
        connection.execute("COMMIT")
        assert connection.execute("SELECT number FROM orders").fetchall() == [(1,)]


def test_a_key_of_an_older_version_stands_for_whatever_comes_with_it(
    runtime: Runtime, tmp_path: Path
) -> None:
    first = runtime.submit(made(), key="k")
    with closing(sqlite3.connect(tmp_path / "jobs.db", isolation_level=None)) as connection:
        connection.execute("UPDATE submit_key SET fingerprint = NULL")
    assert runtime.submit(made("e"), key="k").id == first.id


def test_what_a_key_stands_for_outlives_the_runtime(tmp_path: Path) -> None:
    with Runtime(store=tmp_path / "jobs.db") as runtime:
        first = runtime.submit(made(), key="k")
    with Runtime(store=tmp_path / "jobs.db") as runtime:
        assert runtime.submit(made(), key="k").id == first.id
        with pytest.raises(KeyTakenError, match=first.id):
            runtime.submit(made("e"), key="k")


def again(tmp_path: Path) -> Runtime:
    """A runtime that starts on what there is now."""
    directory = tmp_path / "definitions"
    return Runtime(
        RuntimeSettings(store=tmp_path / "jobs.db", definitions_directory=directory, grace_seconds=0.5),
        workers=[double],
    )


@pytest.mark.parametrize("others", [True, False], ids=["beside others", "alone"])
@pytest.mark.parametrize("what", ["removed", "disabled"])
def test_a_repeated_request_has_its_run_whatever_became_of_the_definition(
    tmp_path: Path, what: str, *, others: bool
) -> None:
    (tmp_path / "definitions").mkdir()
    file = tmp_path / "definitions" / "known.toml"
    file.write_text(definition_text("known"))
    if others:
        (tmp_path / "definitions" / "other.toml").write_text(definition_text("other"))
    with again(tmp_path) as runtime:
        first = runtime.submit("known", key="k")
        mine = runtime.submit("known", key="mine", fingerprint="mine")
    if what == "removed":
        file.unlink()
    else:
        file.write_text("enabled = false\n" + definition_text("known"))
    with again(tmp_path) as runtime:
        assert runtime.submit("known", key="k").id == first.id
        assert asyncio.run(runtime.submit_async("known", key="k")).id == first.id
        assert runtime.submit("known", key="mine", fingerprint="mine").id == mine.id
        refused: Any = (RefusedError, DefinitionError)
        for wanted, key, said in (
            ("known", None, None),
            ("known", "l", None),
            ("known", "mine", None),
            ("gone", "k", None),
            ("x" * 5000, "k", None),
            (Path("known"), "k", None),
            (made("known", enabled=False), "k", None),
        ):
            with pytest.raises(refused):
                runtime.submit(wanted, key=key, fingerprint=said)
        with closing(sqlite3.connect(tmp_path / "jobs.db", isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            assert runtime.enqueue(connection, "known", key="k") == first.id
            assert runtime.enqueue(connection, "known", key="mine", fingerprint="mine") == mine.id
            for key in (None, "l"):
                with pytest.raises(refused):
                    runtime.enqueue(connection, "known", key=key)
            connection.execute("COMMIT")
            assert connection.execute("SELECT count(*) FROM job WHERE kind = 'run'").fetchone() == (2,)


def test_a_definition_or_file_that_can_not_be_run_any_more_is_told_by_what_it_says(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text('id = "a"\nname = "A"\n[step.a]\naction = "at_gate"\npath = "x"\nenabled = false\n')
    step = Step("a", "at_gate", {"path": "x"}, enabled=False)
    handed = JobDefinition("d", "D", (step,))
    with Runtime(store=tmp_path / "jobs.db", workers=[gated], managers=[AtGate]) as runtime:
        first, second = runtime.submit(file, key="k"), runtime.submit(handed, key="l")
    with Runtime(store=tmp_path / "jobs.db") as runtime:  # of another release, without the action
        assert runtime.submit(file, key="k").id == first.id
        assert runtime.submit(handed, key="l").id == second.id
        with pytest.raises(RefusedError, match="no manager for action"):
            runtime.submit(msgspec.structs.replace(handed, name="E"), key="l")
        with pytest.raises(DefinitionError):
            runtime.submit(file, key="l")
