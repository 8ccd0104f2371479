"""Bodies that were given up and still run: deaf to cancel and timeout, each keeps a thread or a task of its own. Pure.

Beyond ``max_abandoned`` of one type this runtime takes no more jobs of that type until some of them have come back.
"""

from collections.abc import Mapping

from actors.job import Lease


class DeafBodies:
    """The deaf bodies of one runtime, by job type and lease: one that is told of twice is one."""

    def __init__(self) -> None:
        self._leases: dict[str, set[Lease]] = {}

    def __repr__(self) -> str:
        return f"<DeafBodies({ {job_type: len(leases) for job_type, leases in self._leases.items()} })>"

    def abandoned(self, job_type: str, lease: Lease) -> None:
        """One more runs on."""
        self._leases.setdefault(job_type, set()).add(lease)

    def returned(self, job_type: str, lease: Lease) -> None:
        """One has ended after all."""
        leases = self._leases.get(job_type, set())
        leases.discard(lease)
        if not leases:
            self._leases.pop(job_type, None)

    def held_back(self, limits: Mapping[str, int]) -> dict[str, str]:
        """The types of which nothing more is to be leased, each with the reason in words."""
        return {
            job_type: f"{len(leases)} bodies of it go on although they were told to end, {limits[job_type]} may"
            for job_type, leases in sorted(self._leases.items())
            if len(leases) >= limits.get(job_type, len(leases) + 1)
        }
