"""TOML files as people write them: read within bounds, with the line of every key, checked against a Struct.

- ``diagnostic``  what is wrong, where, the value, what to do next
- ``lines``       which line each key and array element is on; the limits of a file's shape
- ``document``    a file read, decoded and parsed, or the one diagnostic why not
- ``shape``       a parsed value against a msgspec type: every misfit, not only the first
- ``text``        a text as a value of the type that its place wants
- ``wording``     values, names and types as a message shows them

Nothing here knows what a file is about; ``runtime.definitions`` and ``runtime.config`` do.
"""
