"""Messages as bytes, for when they leave the process, and the proof that they could.

A message is a msgspec Struct, its bytes are MessagePack. Addresses inside it travel beside the bytes: in the bytes
there is only each one's place in that list, because an address means nothing outside what carries it.
"""

from threading import Lock
from typing import Any, TypeVar

import msgspec
from thespian.actors import ActorAddress

T = TypeVar("T")
_prepared: set[type] = set()
_preparing = Lock()


class MessageEncodingError(TypeError):
    """A message can not be sent to another process: it can not be encoded, or does not come back as it was."""


def encode_message(message: msgspec.Struct) -> tuple[bytes, tuple[ActorAddress, ...]]:
    """The message's bytes, and the addresses in it.

    Raises:
        MessageEncodingError: a field holds what can not be encoded.
    """
    addresses: list[ActorAddress] = []

    def place_of(value: Any) -> int:
        if isinstance(value, ActorAddress):
            addresses.append(value)
            return len(addresses) - 1
        raise TypeError(f"a {type(value).__qualname__} can not be encoded")

    try:
        data = msgspec.msgpack.encode(message, enc_hook=place_of)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise MessageEncodingError(f"{_culprit(message)}: {error}") from error
    return data, tuple(addresses)


def decode_message(message_type: type[T], data: bytes, addresses: tuple[ActorAddress, ...]) -> T:
    """The message of that type that was encoded.

    Raises:
        msgspec.ValidationError: the bytes are not such a message; it names the field.
    """

    def address_at(expected: type, place: Any) -> Any:
        if issubclass(expected, ActorAddress):
            return addresses[place]
        raise TypeError(f"a {expected.__qualname__} can not be decoded")

    if message_type in _prepared:
        return msgspec.msgpack.decode(data, type=message_type, dec_hook=address_at)
    with _preparing:  # see actors.job.prepare_types
        message = msgspec.msgpack.decode(data, type=message_type, dec_hook=address_at)
        _prepared.add(message_type)
        return message


def carried(message: T) -> T:
    """The message as another process would see it.

    Raises:
        MessageEncodingError: it would not be the same; the message type and the field are named.
    """
    if not isinstance(message, msgspec.Struct):
        return message
    message_type = type(message)
    if not message_type.__struct_config__.frozen:
        raise MessageEncodingError(f"{message_type.__qualname__} is not frozen; declare it with frozen=True")
    data, addresses = encode_message(message)
    try:
        copy = decode_message(message_type, data, addresses)
    except msgspec.ValidationError as error:
        raise MessageEncodingError(f"{message_type.__qualname__} does not survive: {error}") from error
    for field in message_type.__struct_fields__:
        sent, received = getattr(message, field), getattr(copy, field)
        if not _same(sent, received):
            path, sent, received = _difference(f"{message_type.__qualname__}.{field}", sent, received)
            raise MessageEncodingError(
                f"{path} does not survive: {sent!r:.200} comes back as {received!r:.200}"
            )
    return copy


def _same(sent: Any, received: Any) -> bool:
    """By their texts as well: a NaN is not equal to itself."""
    return sent is received or sent == received or repr(sent) == repr(received)


def _difference(path: str, sent: Any, received: Any) -> tuple[str, Any, Any]:
    """The innermost of what is not the same: where it stands, and both values."""
    parts: list[tuple[str, Any, Any]] = []
    if type(sent) is type(received):
        if isinstance(sent, msgspec.Struct):
            fields = sent.__struct_fields__
            parts = [(f"{path}.{each}", getattr(sent, each), getattr(received, each)) for each in fields]
        elif isinstance(sent, dict) and sent.keys() == received.keys():
            parts = [(f"{path}[{key!r}]", value, received[key]) for key, value in sent.items()]
        elif isinstance(sent, list | tuple) and len(sent) == len(received):
            pairs = zip(sent, received, strict=True)
            parts = [(f"{path}[{index}]", *pair) for index, pair in enumerate(pairs)]
    found = next((part for part in parts if not _same(*part[1:])), None)
    return (path, sent, received) if found is None else _difference(*found)


def _culprit(message: msgspec.Struct) -> str:
    name = type(message).__qualname__
    for field in message.__struct_fields__:
        try:
            msgspec.msgpack.encode(getattr(message, field), enc_hook=_placeholder)
        except (TypeError, ValueError, OverflowError, RecursionError):
            return f"{name}.{field} can not be encoded"
    return f"{name} can not be encoded"


def _placeholder(value: Any) -> int:
    if isinstance(value, ActorAddress):
        return 0
    raise TypeError
