"""The two kinds of messages: commands go down the tree, reports go up."""

import msgspec


class Command(msgspec.Struct, frozen=True, tag=True, tag_field="tag"):
    """Goes down: tells an actor to do something."""


class Report(msgspec.Struct, frozen=True, tag=True, tag_field="tag"):
    """Goes up: tells an actor what has happened."""
