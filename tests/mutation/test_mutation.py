"""The tool that makes mistakes: they are the ones that are meant, and what no test notices is told."""

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from tests.mutation import equivalents, sql
from tests.mutation.making import mutants_of
from tests.mutation.mutant import ROOT
from tests.mutation.python import mistakes
from tests.mutation.record import Record, Verdict, digest

CANCEL = "runtime/store/verbs/cancel.py"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("WHERE a = ?1 AND b < ?2", "WHERE (1 OR (a = ?1)) AND b < ?2"),
        ("WHERE a = ?1 AND b < ?2", "WHERE a = ?1 AND (1 OR (b < ?2))"),
        ("WHERE a = ?1 AND b < ?2", "WHERE a = ?1 AND b <= ?2"),
        ("WHERE a = ?1 AND b < ?2", "WHERE a = ?1 OR b < ?2"),
        ("WHERE a BETWEEN 1 AND 2 OR b", "WHERE a BETWEEN 1 AND 2 OR (0 AND (b))"),
        ("UPDATE t SET a = 1, b = ? WHERE c = ?", "UPDATE t SET a = 1, b = CASE WHEN 1 THEN b ELSE ? END WHERE c = ?"),
        ("owner = NULL, lost = lost + 1", "owner = CASE WHEN 1 THEN job.owner ELSE NULL END, lost = lost + 1"),
        ("owner = NULL, lost = lost + 1", "owner = NULL, lost = lost + 0"),
        ("token = ?1", "(1 OR (token = ?1))"),
        ("SELECT a FROM t ORDER BY b, c LIMIT 2", "SELECT a FROM t ORDER BY (b IS NULL), c LIMIT 2"),
        ("SELECT a FROM t ORDER BY b, c LIMIT 2", "SELECT a FROM t ORDER BY b, c DESC LIMIT 2"),
        ("SELECT coalesce(a, max(b, 1)) FROM t", "SELECT CASE WHEN 1 THEN max(b, 1) ELSE a END FROM t"),
        ("SELECT a FROM t WHERE b IN (SELECT 1)", "SELECT a FROM t WHERE b NOT IN (SELECT 1)"),
        ("INSERT OR IGNORE INTO t VALUES (1)", "INSERT OR ABORT INTO t VALUES (1)"),
    ],
)  # fmt: skip
def test_a_statement_loses_a_condition_a_change_an_order_or_a_bound(before: str, after: str) -> None:
    assert sql.is_sql(before)
    made = {before[: each.start] + each.new + before[each.end :] for each in sql.changes(before)}
    assert after in made


@pytest.mark.parametrize("text", ["attempt {attempt} was given back: {reason}", "ready", "its lease ran out"])
def test_what_is_no_sql_is_left_alone(text: str) -> None:
    assert not sql.is_sql(text)


def test_a_function_loses_statements_and_conditions_and_changes_its_bounds_and_words() -> None:
    source = """
def settle(job, lost):
    '''Words for who reads.'''
    if job.attempt < 3 and not lost:
        job.state = JobState.PENDING
        job.pending += len(job.children)
        tell(job)
        return True
    return False
"""
    made = {(found.operator, found.new) for found in mistakes(ast.parse(source))}
    assert made >= {
        ("comparison", "(job.attempt <= 3)"),
        ("operand dropped", "((not lost))"),
        ("operand dropped", "((job.attempt < 3))"),
        ("negation dropped", "(lost)"),
        ("never", "False"),
        ("constant", "4"),
        ("state", "JobState.SCHEDULED"),
        ("arithmetic", "job.pending -= len(job.children)"),
        ("statement dropped", "pass"),
        ("order", ""),
    }
    assert Counter(found.operator for found in mistakes(ast.parse(source)))["statement dropped"] == 5


def test_what_nobody_can_tell_the_order_of_is_left_as_it_is() -> None:
    source = "def f():\n    a.x += len(b)\n    c.y = 1\n    c.y += 2\n    tell(c)"
    swapped = [ast.unparse(found.node) for found in mistakes(ast.parse(source)) if found.operator == "order"]
    assert swapped == ["c.y = 1", "c.y += 2"]


def test_each_mutant_is_another_source_and_has_a_key_of_its_own() -> None:
    mutants = mutants_of(CANCEL)
    text = (ROOT / CANCEL).read_text()
    assert (
        len({mutant.key for mutant in mutants}) == len({mutant.source for mutant in mutants}) == len(mutants)
    )
    assert text not in {mutant.source for mutant in mutants}
    assert {"cancel", "_cancel_job", ""} <= {mutant.where for mutant in mutants}


def test_what_became_of_a_mutant_is_known_until_its_file_changes_and_who_finds_most_is_asked_first(
    tmp_path: Path,
) -> None:
    found, lives, other = mutants_of(CANCEL)[:3]
    record = Record(tmp_path / "verdicts.jsonl")
    record.add(Verdict(found.key, found.title, "seed 1 in b", 1, 0.1, digest(found)))
    record.add(Verdict(lives.key, lives.title, None, 1, 0.1, digest(lives)))
    again = Record(tmp_path / "verdicts.jsonl")
    caught, alive = again.verdict_of(found), again.verdict_of(lives)
    assert (caught and caught.caught_by, alive and alive.caught_by) == ("seed 1 in b", None)
    assert again.verdict_of(other) is None
    assert again.verdict_of(msgspec.structs.replace(found, source=f"{found.source}#")) is None
    assert again.best_first(other, "abc", dict.fromkeys("abc", 0.1)) == ["b", "a", "c"]


def test_what_changes_nothing_that_counts_is_listed_with_its_reason() -> None:
    assert all(len(key) == 10 for key in equivalents.reasons())
    assert all(equivalents.reasons().values())


@pytest.mark.timeout(300)  # two processes that import and collect, on a busy machine
def test_mistakes_are_caught_by_the_tests_that_call_them_and_a_harmless_change_is_told(
    tmp_path: Path,
) -> None:
    wanted = (
        ("statement dropped", "parent.cancelled += 1"),
        ("sql change", "?3"),
        ("order", "parent.cancelled += 1"),  # nobody can tell whether the count or the row comes first
    )
    mutants = [
        mutant
        for mutant in mutants_of(CANCEL)
        if any(mutant.operator == operator and mutant.old.startswith(old) for operator, old in wanted)
    ]
    assert len(mutants) == 3

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tests.mutation", *arguments, "--place", str(tmp_path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    assert run("measure", "tests/store/test_cancel.py", "--only", "cancelling_a_pending").returncode == 0
    keys = ",".join(mutant.key for mutant in mutants)
    tried = run("try", CANCEL, "--keys", keys, "--seeds", "1")
    assert (tried.returncode, tried.stderr) == (1, "")
    *alive, told = tried.stdout.splitlines()
    assert alive == [mutant.title for mutant in mutants if mutant.operator == "order"]
    assert told == "3 mutants, 2 caught, 0 known to change nothing that counts, 1 not caught"
