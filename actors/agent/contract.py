"""AgentType: what one agent type finds out about a document, and how.

An agent type has up to two ways of work with one kind of output: a function of ours, which works offline, and
instructions for a language model, whose answer is decoded to the same output. ``@agent_type`` makes one of a function.
"""

import inspect
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, get_type_hints

import msgspec

from actors.agent.config import AgentConfig


class AnswerError(ValueError):
    """What was found is of no use: nothing is left of it, or it is not what was asked for."""


class AgentInput(msgspec.Struct, frozen=True):
    """The document an agent looks at, and what its step wants."""

    document_id: int
    title: str
    url: str | None
    text: str  # Markdown or text, at most as long as the settings allow
    tags: tuple[str, ...]
    metadata: dict[str, Any]
    config: AgentConfig
    options: dict[str, Any] = {}  # the step's table ``options``, for agent types of one's own


Function = Callable[[AgentInput], Any]


class AgentType:
    """One agent type. ``function`` is None if only a language model can do it."""

    def __init__(
        self,
        name: str,
        output_type: type[msgspec.Struct],
        *,
        function: Function | None,
        instructions: "str | Callable[[AgentInput], str]",
        engine: "str | Callable[[], str]",
        needs: tuple[str, ...] = (),
        read: Callable[[Any, AgentInput], Any] | None = None,
    ) -> None:
        """See ``agent_type``; ``output_type`` is what both ways of work give."""
        self.name = name
        self.output_type = output_type
        self.function = function
        self.needs = needs
        self._instructions = instructions
        self._engine = engine
        self._read = read

    def __repr__(self) -> str:
        return f"<AgentType({self.name!r}, output={self.output_type.__name__})>"

    def __call__(self, given: AgentInput) -> Any:
        """Call the function."""
        if self.function is None:
            raise TypeError(f"agent type {self.name!r} has no function: only a language model can do it")
        return self.function(given)

    @property
    def engine(self) -> str:
        """What the function works with, as the output says it."""
        return self._engine() if callable(self._engine) else self._engine

    @property
    def has_instructions(self) -> bool:
        """Whether a language model can do it."""
        return bool(self._instructions)

    def instructions(self, given: AgentInput) -> str:
        """What a language model is told to do."""
        return self._instructions(given) if callable(self._instructions) else self._instructions

    def missing(self) -> str | None:
        """The first module that the function needs and that is not installed; None = all are there."""
        return next((name for name in self.needs if find_spec(name) is None), None)

    def read(self, answer: Any, given: AgentInput) -> Any:
        """A language model's answer, decoded JSON, as the output.

        Raises:
            AnswerError: it is none.
        """
        try:
            if self._read is not None:
                return self._read(answer, given)
            return msgspec.convert(answer, self.output_type, strict=False)
        except msgspec.ValidationError as error:
            raise AnswerError(f"the answer is no {self.output_type.__name__}: {error}") from error


def agent_type(
    name: str,
    *,
    instructions: "str | Callable[[AgentInput], str] | None" = None,
    engine: "str | Callable[[], str]" = "",
    needs: tuple[str, ...] = (),
    read: Callable[[Any, AgentInput], Any] | None = None,
    offline: bool = True,
) -> Callable[[Function], AgentType]:
    """Make a function an agent type.

    The function takes an ``AgentInput`` and returns a msgspec Struct, which its return annotation names; it may raise
    ``AnswerError``. It runs on a thread, so it may compute and block.

    Args:
        name: what a step's ``agent_type`` says, and the key of the output in a document's metadata.
        instructions: for a language model, a text or a function of the input; None = the function's docstring.
        engine: what the function works with, as the output says it; "" = the function's module and name.
        needs: modules the function imports, so that a missing one is told before anything runs.
        read: a language model's answer as the output, where that is more than decoding; raises ``AnswerError``.
        offline: false = there is nothing to call, only a language model can do it; the function's body is not used.

    Raises:
        TypeError: the name is none, or the function does not say what it returns.
    """
    if not str(name).isidentifier() or callable(name):
        raise TypeError(
            f'@agent_type names an agent type, a word: write @agent_type("sentiment"), got {name!r}'
        )

    def make(function: Function) -> AgentType:
        told = instructions if instructions is not None else inspect.cleandoc(function.__doc__ or "")
        if not told and not offline:
            raise TypeError(f"agent type {name!r}: say what the language model is to do, in a docstring")
        return AgentType(
            name,
            _output_type(name, function),
            function=function if offline else None,
            instructions=told,
            engine=engine or f"{function.__module__}.{function.__qualname__}",
            needs=needs,
            read=read,
        )

    return make


def _output_type(name: str, function: Function) -> type[msgspec.Struct]:
    try:
        hint = get_type_hints(function).get("return")
    except NameError as error:
        raise TypeError(
            f"agent type {name!r}: its annotations can not be read ({error}); define the types they name at the top of"
            " the module"
        ) from error
    if not (isinstance(hint, type) and issubclass(hint, msgspec.Struct)):
        raise TypeError(f"agent type {name!r}: annotate what it returns, a msgspec.Struct, got {hint!r}")
    return hint
