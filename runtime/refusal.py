"""What a Runtime raises when it does not do what it is asked: nothing was changed.

RuntimeStateError   it is not running here: not started, closed, given up, or of another process
RefusedError        it is running, and the request is wrong
KeyTakenError       of those: its submit key is that of another request
"""

from actors.ids import id_text

NOT_RUNNING = "the runtime is not running: use `with Runtime(...)` or call start()"


class RuntimeStateError(RuntimeError):
    """The runtime is not running: it was not started, it is closed, or it runs in the process this one comes from."""


class RefusedError(ValueError):
    """The runtime refused a request and changed nothing."""


class KeyTakenError(RefusedError):
    """The submit key came with another request before; that one made the run ``run_id``."""

    def __init__(self, key: str, run_id: int) -> None:
        self.run_id = id_text(run_id)
        super().__init__(
            f"the key {key!r:.200} belongs to run {self.run_id}, which another request made; take another key for"
            " this one, or look at that run"
        )
