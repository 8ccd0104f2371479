"""The shapes that definition files have had, read into one list of raw steps.

==================  ==========================================================================================
``[step.x]``        native: the selector is ``action``, configuration is flat, no ``on_error`` means ``fail``
``[step.x]``        with ``type`` (``crawler`` means ``crawl``): no ``on_error`` means ``continue``
``[[steps]]``       ``name``, ``action``, configuration in ``[steps.config]`` and its tables
flat                no steps: crawler keys at the file's top are one step ``crawl``
==================  ==========================================================================================

In every shape a step may have both flat configuration and a table ``config``, which wins. Crawler keys at the top of a
file with exactly one crawl step belong to that step, whose own keys win.
"""

from typing import Any

import msgspec

from runtime.definitions.findings import Findings
from runtime.definitions.keys import (
    ACTION_OF_TYPE,
    INERT_DEFINITION_KEYS,
    INERT_STEP_KEYS,
    SELECTORS,
    STEP_KEYS,
)
from runtime.toml.diagnostic import Path
from runtime.toml.wording import key_shown, nearest, quoted, shown

MOST_STEPS = 1000


class RawStep(msgspec.Struct):
    """A step as the file has it: its own keys and its action's configuration apart, each with its place in the file."""

    name: str
    action: str
    path: Path
    keys: dict[str, Any]
    config: dict[str, Any]
    config_paths: dict[str, Path]  # by top-level key of the configuration

    @property
    def subject(self) -> str:
        """How a message names it."""
        return f"step {quoted(self.name)}"

    def own_place(self, path: Path) -> Path:
        """Where a path within the step's own keys is in the file."""
        return (*self.path, *path)

    def place(self, path: Path) -> Path:
        """Where a path within the configuration is in the file."""
        if not path:
            return self.path
        return (*self.config_paths.get(str(path[0]), (*self.path, path[0])), *path[1:])


def raw_steps(findings: Findings, flat: dict[str, Any]) -> list[RawStep]:
    """The file's steps in its order. ``flat`` are the crawler keys at its top."""
    table = findings.document.table
    if "steps" in table and "step" in table:
        findings.add(
            ("steps",), "the file has both [[steps]] and [step.…]", "write all steps in one of the two ways"
        )
        return []
    steps = _from_array(findings) if "steps" in table else _from_tables(findings) if "step" in table else []
    if "steps" not in table and "step" not in table:
        if not flat and table.get("type") != "crawler":
            findings.add((), "the definition has no steps", 'add [step.crawl] with action = "crawl"')
            return []
        steps = [RawStep("crawl", "crawl", (), {}, {}, {})]
    _merge(findings, steps, flat)
    return steps


def _from_tables(findings: Findings) -> list[RawStep]:
    tables = findings.document.table["step"]
    if not isinstance(tables, dict):
        findings.add(("step",), f"step must be a table of steps, got {shown(tables)}", "write [step.crawl]")
        return []
    if not _count_fits(findings, len(tables), ("step",)):
        return []
    found: list[RawStep] = []
    for name, table in tables.items():
        if not isinstance(table, dict):
            message = f"step {quoted(name)} must be a table, got {shown(table)}"
            findings.add(("step", name), message, f"write [step.{key_shown(name)}]")
        elif (step := _step(findings, name, table, ("step", name), native=True)) is not None:
            found.append(step)
    return found


def _from_array(findings: Findings) -> list[RawStep]:
    tables = findings.document.table["steps"]
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        findings.add(("steps",), f"steps must be a list of tables, got {shown(tables)}", "write [[steps]]")
        return []
    if not _count_fits(findings, len(tables), ("steps",)):
        return []
    found: list[RawStep] = []
    lines: dict[str, int | None] = {}
    for number, table in enumerate(tables):
        path: Path = ("steps", number)
        name = table.get("name")
        if not isinstance(name, str):
            got = f"must be text, got {shown(name)}" if "name" in table else "is missing"
            findings.add((*path, "name"), f"step {number + 1}: name {got}", 'write name = "crawl"')
            continue
        if name in lines:
            message = f"step {quoted(name)} is defined twice, the first time on line {lines[name]}"
            findings.add((*path, "name"), message, "rename or remove one")
            continue
        lines[name] = findings.document.line((*path, "name"))
        if (step := _step(findings, name, table, path, native=False)) is not None:
            found.append(step)
    return found


def _count_fits(findings: Findings, count: int, path: Path) -> bool:
    if count == 0:
        findings.add(path, "the definition has no steps", 'add [step.crawl] with action = "crawl"')
    elif count > MOST_STEPS:
        findings.add(path, f"the definition has {count} steps, more than {MOST_STEPS}", "split it")
    return 0 < count <= MOST_STEPS


def _step(
    findings: Findings, name: str, table: dict[str, Any], path: Path, *, native: bool
) -> RawStep | None:
    subject = f"step {quoted(name)}"
    problem = name_problem(name)
    if problem:
        findings.add(path, f"{subject}: a step's name {problem}", "rename it")
    selector = "action" if "action" in table or "type" not in table else "type"
    action = table.get(selector)
    if not isinstance(action, str) or not action:
        if selector not in table:
            meant = nearest("action", table.keys() - STEP_KEYS - SELECTORS)
            hint = f"write action where it says {key_shown(meant)}" if meant else 'add action = "crawl"'
            findings.add((*path, meant or "action"), f"{subject}: action is missing", hint)
        else:
            message = f"{subject}: {selector} must be the name of an action, got {shown(action)}"
            findings.add((*path, selector), message, f'write {selector} = "crawl"', value=shown(action))
        return None
    if selector == "action" and "type" in table:
        findings.warn((*path, "type"), f"{subject}: type has no effect beside action")
    if table.get("always_run"):
        hint = 'write on_error = "continue" in the steps before it'
        findings.warn((*path, "always_run"), f"{subject}: always_run has no effect", hint)
    keys = {key: value for key, value in table.items() if key in STEP_KEYS}
    if keys.get("on_error") == "fatal":
        keys["on_error"] = "fail"
    elif keys.get("on_error", "") == "":
        keys["on_error"] = "continue" if selector == "type" and native else "fail"
    config = {
        key: value for key, value in table.items() if key not in STEP_KEYS | SELECTORS | INERT_STEP_KEYS
    }
    paths = {key: (*path, key) for key in config}
    if "concurrency" in table:  # a limit of the step, and to some actions a setting too
        config["concurrency"], paths["concurrency"] = table["concurrency"], (*path, "concurrency")
    nested = table.get("config", {})
    if not isinstance(nested, dict):
        message = f"{subject}: config must be a table, got {shown(nested)}"
        findings.add((*path, "config"), message, "write the step's keys in the step itself")
        nested = {}
    for key, value in nested.items():
        config[key], paths[key] = value, (*path, "config", key)
    return RawStep(name, ACTION_OF_TYPE.get(action, action), path, keys, config, paths)


def _merge(findings: Findings, steps: list[RawStep], flat: dict[str, Any]) -> None:
    crawls = [step for step in steps if step.action == "crawl"]
    if len(crawls) == 1:
        step = crawls[0]
        for key, value in flat.items():
            if key not in step.config:
                step.config[key], step.config_paths[key] = value, (key,)
    elif steps:
        for key in flat.keys() - INERT_DEFINITION_KEYS:
            message = f"{key} has no effect at the file's top, which has {len(crawls)} crawl steps"
            findings.warn((key,), message, "write it in a step")


def name_problem(name: str) -> str | None:
    """What is wrong with the name of a step or a definition, as it follows the noun; None = nothing."""
    if not name.strip() or len(name) > 200:
        return "must have 1 to 200 characters"
    if not name.isprintable():
        return "must be on one line, without control characters"
    return "must not have a comma: depends lists names with commas" if "," in name else None
