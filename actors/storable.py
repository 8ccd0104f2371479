"""Text that can be stored: file names and errors may hold lone surrogates, which neither JSON nor SQLite takes."""


def storable(text: str) -> str:
    r"""The text with lone surrogates written out, as ``\udc80``. Pure."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
