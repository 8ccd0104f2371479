"""Peak resident memory of this process."""

import resource


def peak_rss_mb() -> float:
    """Megabytes (10^6 bytes) this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
