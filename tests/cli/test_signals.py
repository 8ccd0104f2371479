import os
import signal
import subprocess
import sys
import threading

from runtime.cli.signals import Bell, SignalCount


def test_rings_that_nobody_heard_are_one_ring() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()
    assert bell.wait(100)
    assert not bell.wait(0.01)


def test_a_ring_wakes_the_thread_that_waits() -> None:
    bell, heard = Bell(), threading.Event()

    def wait() -> None:
        bell.wait()
        heard.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    bell.ring()
    waiter.join(100)
    assert heard.is_set()


def test_a_signal_is_counted_and_wakes_the_main_thread_that_waits() -> None:
    bell = Bell()
    before = signal.getsignal(signal.SIGTERM)
    with SignalCount(bell) as signals:
        killer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM))
        killer.start()
        assert bell.wait(100)
        assert signals.received == 1
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_third_signal_kills_whatever_the_process_does() -> None:
    code = (
        "import os, signal; from runtime.cli.signals import Bell, SignalCount\n"
        "with SignalCount(Bell()) as signals:\n"
        "    for _ in range(3):\n"
        "        os.kill(os.getpid(), signal.SIGINT); print(signals.received, flush=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGINT, "1\n2\n")
