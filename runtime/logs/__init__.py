"""Log lines: what ``[logging]`` says, which job they belong to, how they are written.

- ``settings``  what ``[logging]`` says
- ``bound``     the attempt that runs here, as fields of a log line
- ``rendering`` every line of the process through structlog, as JSON or for people
"""
