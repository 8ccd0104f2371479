"""The command line ``quaero``: one file per subcommand, results on stdout, everything else on stderr.

- ``application``  main: the commands together, and what becomes of their errors
- ``commands``     one file per subcommand
- ``arguments``    options and arguments that several commands share
- ``exits``        exit codes
- ``failures``     errors as the user is told them
- ``opening``      the configuration, the store for reading, a runtime ready to start
- ``modules``      workers and managers of the user's own, as ``quaero.toml`` names them
- ``output``       stdout and stderr
- ``layout``       columns, times and durations as text
- ``printable``    text from elsewhere, made safe for a terminal
- ``attending``    what a command waits on while a runtime works: commits, ends, signals
- ``signals``      Ctrl-C and SIGTERM: the first drains, the second stops at once
- ``progress``     a live bar per step, or plain lines

Reading a store starts no runtime. Nothing heavy is imported before a command needs it.
"""


def main() -> int:
    """Run the command that ``sys.argv`` names; returns the exit code."""
    from runtime.cli.application import main as run_application

    return run_application()
