"""``quaero token``: make a token for the gateway. It is shown once; the configuration keeps its hash."""

from typing import Annotated, Literal

import typer

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.output import write_json, write_text


def token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose token it is.")] = "ops",
    role: Annotated[
        Literal["read", "operate"], typer.Option("--role", help="read looks; operate changes too.")
    ] = "operate",
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a token that `quaero serve` accepts, and print what belongs into quaero.toml.

    The token itself is shown now and never again.
    """
    del store, config  # common to all commands
    from actors.seams import SystemRandom
    from runtime.gateway.tokens import token_hash
    from runtime.toml.wording import key_shown

    made = f"quaero_{SystemRandom().bits(256):064x}"
    digest = token_hash(made)
    if as_json:
        write_json({"token": made, "name": name, "role": role, "sha256": digest})
        return
    write_text(f"{made}\n")
    write_text(f'[gateway.tokens.{key_shown(name)}]\nsha256 = "{digest}"\nrole = "{role}"')
