"""Waiting for threads to end. Always in real time: threads end by the machine's clock, whatever clock actors see."""

from collections.abc import Iterable
from threading import Thread, current_thread

from actors.seams import SystemClock

real_now = SystemClock.monotonic


def join_threads(threads: Iterable[Thread], deadline: float) -> list[str]:
    """Wait until all have ended or that monotonic time has come; the names of those that still run."""
    running = []
    for thread in list(threads):
        if thread is current_thread():
            continue
        thread.join(max(0.0, deadline - real_now()))
        if thread.is_alive():
            running.append(thread.name)
    return running
