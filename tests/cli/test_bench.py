from pathlib import Path

import pytest

from runtime.cli.commands.bench.options import lines
from tests.cli.command import quaero


def test_bench_fanout_measures_jobs_beside_their_floor_and_leaves_nothing(tmp_path: Path) -> None:
    done = quaero("bench", "fanout", "--children", 50, "--parents", 2, "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.err == ""
    found = done.value
    assert (found["children"], found["parents"], found["synchronous"]) == (50, 2, "FULL")
    assert found["jobs_per_second"] > 0
    assert found["of_floor"] > 0
    assert set(found["latency_ms"]) == {"p50", "p99"}
    assert list(tmp_path.iterdir()) == []


def test_bench_latency_measures_percentiles(tmp_path: Path) -> None:
    done = quaero("bench", "latency", "--runs", 5, "--synchronous", "normal", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.value["synchronous"] == "NORMAL"
    assert 0 < done.value["p50_ms"] <= done.value["p99_ms"]


@pytest.mark.parametrize(
    "arguments", [("--children", "0"), ("--children", "1", "--synchronous", "SOMETIMES")]
)
def test_a_benchmark_of_nothing_is_bad_input(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert quaero("bench", "fanout", *arguments, cwd=tmp_path).code == 2


def test_a_place_that_can_not_be_written_is_one_message(tmp_path: Path) -> None:
    done = quaero("bench", "latency", "--runs", 1, "--store", "nowhere/q.db", cwd=tmp_path)
    assert done.code == 2
    assert done.err.startswith("quaero: the benchmark's stores can not be written in nowhere: No such file")


def test_people_get_a_line_for_each_figure() -> None:
    found = {
        "children": 100000,
        "of_floor": 0.51234,
        "rate": 31234.5,
        "latency_ms": {"p50": 2.5},
        "synchronous": "FULL",
    }
    assert lines(found) == [
        "children        100 000",
        "of floor        0.5123",
        "rate            31 234",
        "latency ms p50  2.5",
        "synchronous     FULL",
    ]
