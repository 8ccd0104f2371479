"""``python -m runtime.cli``, the same as ``quaero``."""

import sys

from runtime.cli import main

sys.exit(main())
