"""What holds for every test: messages are encoded and decoded when sent, hypothesis has no deadline, Ctrl-C works."""

import os
import signal

from hypothesis import settings

pytest_plugins = ["runtime.testing.fixtures"]

os.environ["QUAERO_ENCODE_MESSAGES"] = "1"

settings.register_profile("quaero", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("quaero")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell has its background jobs ignore it, and so would every process that a test starts and interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
