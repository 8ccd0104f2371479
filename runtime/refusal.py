"""What a Runtime raises when it does not do what it is asked: nothing was changed.

RuntimeStateError   it is not running here: not started, closed, given up, or of another process
RefusedError        it is running, and the request is wrong
"""

NOT_RUNNING = "the runtime is not running: use `with Runtime(...)` or call start()"


class RuntimeStateError(RuntimeError):
    """The runtime is not running: it was not started, it is closed, or it runs in the process this one comes from."""


class RefusedError(ValueError):
    """The runtime refused a request and changed nothing."""
