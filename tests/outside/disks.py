"""Small disks that fill up and are freed again: a tmpfs where it may be mounted, a limit on files everywhere."""

import os
import resource
import subprocess
from pathlib import Path
from typing import Protocol

SMALL_BYTES = 6 << 20
ROOM_BYTES = 256 << 10
"""With less than that left the next commit of a few runs does not fit."""


class Disk(Protocol):
    """Room for a store."""

    directory: Path

    def hold(self, process: "subprocess.Popen[bytes]") -> None:
        """Let the process have no more room than there is."""
        ...

    def full(self) -> bool:
        """Whether next to nothing more can be written."""
        ...

    def free(self, process: "subprocess.Popen[bytes] | None") -> None:
        """Make room."""
        ...

    def remove(self) -> None:
        """Leave nothing behind."""
        ...


class Tmpfs:
    """A file system of its own in memory, nearly filled by a ballast that is deleted to free it: ENOSPC."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self.directory = directory
        size = f"size={8 * SMALL_BYTES}"
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", size, "none", directory],
            check=True,
            capture_output=True,
            timeout=100,
        )
        self._ballast = directory / "ballast"
        self._ballast.write_bytes(bytes(7 * SMALL_BYTES))

    def hold(self, process: "subprocess.Popen[bytes]") -> None:
        """It is small for everybody."""

    def full(self) -> bool:
        """By the file system's own word."""
        found = os.statvfs(self.directory)
        return found.f_bavail * found.f_frsize < ROOM_BYTES

    def free(self, process: "subprocess.Popen[bytes] | None") -> None:
        """Delete the ballast."""
        self._ballast.unlink()

    def remove(self) -> None:
        """Unmount it, whoever is still in it."""
        subprocess.run(["umount", "--lazy", self.directory], check=True, capture_output=True, timeout=100)


class FileLimit:
    """RLIMIT_FSIZE of the process: EFBIG, without any right. Each file has that room."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self.directory = directory

    def hold(self, process: "subprocess.Popen[bytes]") -> None:
        """Set the limit."""
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (SMALL_BYTES, resource.RLIM_INFINITY))

    def full(self) -> bool:
        """By the size of the largest file."""
        return max(file.stat().st_size for file in self.directory.glob("jobs.db*")) > SMALL_BYTES - ROOM_BYTES

    def free(self, process: "subprocess.Popen[bytes] | None") -> None:
        """Lift it."""
        if process is not None:
            unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, unlimited)

    def remove(self) -> None:
        """Nothing to do."""
