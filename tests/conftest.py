"""What holds for every test: messages are encoded and decoded on every send, and hypothesis has no deadline."""

import os

from hypothesis import settings

pytest_plugins = ["runtime.testing.fixtures"]

os.environ["QUAERO_ENCODE_MESSAGES"] = "1"

settings.register_profile("quaero", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("quaero")
