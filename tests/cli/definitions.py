"""A directory with a configuration that knows the gates, and definitions for them."""

from pathlib import Path

CONFIG = """\
[system]
grace_seconds = 5.0

[modules]
workers = ["tests.cli.gates:gate"]
managers = ["tests.cli.gates:GatesManager"]
"""


def configure(directory: Path) -> None:
    """Write ``quaero.toml``."""
    (directory / "quaero.toml").write_text(CONFIG)


def define(directory: Path, name: str, *steps: str) -> str:
    """Write ``<name>.toml`` with these steps, each the text below its ``[step.x]``; the file's name."""
    texts = [f'id = "{name}"\nname = "Go through {name}"\n']
    texts += [f'[step.s{number}]\naction = "gates"\n{step}\n' for number, step in enumerate(steps)]
    (directory / f"{name}.toml").write_text("\n".join(texts))
    return f"{name}.toml"
