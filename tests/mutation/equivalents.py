"""Mutants that nobody can notice, each with the reason: what they change costs time, or is refused elsewhere too."""

import tomllib
from pathlib import Path

FILE = Path(__file__).with_name("equivalent.toml")


def reasons() -> dict[str, str]:
    """The reason by the mutant's key. A line of the file is a mutant's title without its number of the line."""
    found = tomllib.loads(FILE.read_text())
    return {line.split()[0]: entry["why"] for entry in found["equivalent"] for line in entry["mutants"]}
