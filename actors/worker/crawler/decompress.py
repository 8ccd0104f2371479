"""Content encodings, undone piece by piece: no input makes more output at once than asked for.

Only gzip and deflate are offered to servers and understood; the libraries for the others have no such bound.
"""

import zlib
from collections.abc import Iterator

ACCEPT_ENCODING = "gzip, deflate"
PIECE_BYTES = 65_536

_GZIP = 16 + zlib.MAX_WBITS
_ZLIB_HEADER_METHOD = 8


class EncodingError(ValueError):
    """The body is not what its Content-Encoding says, or that is none we know."""


class Decoder:
    """Undoes one Content-Encoding. ``pieces`` is called for each chunk of the body, in order."""

    def __init__(self, content_encoding: str) -> None:
        self._name = content_encoding.strip().lower() or "identity"
        if self._name not in {"identity", "gzip", "x-gzip", "deflate"}:
            raise EncodingError(
                f"the server sent Content-Encoding {content_encoding[:80]!r}, "
                f"although only {ACCEPT_ENCODING} were offered"
            )
        self._inflate = zlib.decompressobj(_GZIP) if self._name.endswith("gzip") else None

    def __repr__(self) -> str:
        return f"<Decoder({self._name!r})>"

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """The decoded bytes of a chunk, at most ``PIECE_BYTES`` each; the rest is decoded as they are taken.

        Raises:
            EncodingError: the bytes are not what the encoding says.
        """
        if self._name == "identity":
            yield chunk
            return
        if self._inflate is None and chunk:
            self._inflate = _deflate(chunk)
        while (
            chunk and self._inflate is not None and not self._inflate.eof
        ):  # bytes behind the end are padding: ignored, as browsers do
            try:
                piece = self._inflate.decompress(chunk, PIECE_BYTES)
            except zlib.error as error:
                raise EncodingError(f"the body is not {self._name}: {error}") from error
            chunk = self._inflate.unconsumed_tail
            if piece:
                yield piece


def _deflate(chunk: bytes) -> "zlib._Decompress":
    """Servers mean zlib by it, as they should, or the bare format without its header."""
    has_header = chunk[0] & 0x0F == _ZLIB_HEADER_METHOD and (
        len(chunk) < 2 or int.from_bytes(chunk[:2]) % 31 == 0
    )
    return zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)
