"""The children of a step whose bodies one dispatcher does: those that wait for a worker. Pure bookkeeping."""

from collections import deque

from actors.job import LeasedJob


class Turns:
    """Who waits, and how many workers are at work."""

    __slots__ = ("at_work", "dispatcher", "waiting")

    def __init__(self, dispatcher: str) -> None:
        self.dispatcher = dispatcher
        self.waiting: deque[LeasedJob] = deque()
        self.at_work = 0

    def __repr__(self) -> str:
        return f"<Turns({self.dispatcher}, waiting={len(self.waiting)}, at_work={self.at_work})>"

    def begun(self, room: int) -> list[LeasedJob]:
        """Those that begin now, in a worker each, if so many may be at work."""
        begun = []
        while self.waiting and self.at_work < room:
            begun.append(self.waiting.popleft())
            self.at_work += 1
        return begun

    def following(self, job_type: str) -> LeasedJob | None:
        """The next one, if it is of the type of a worker that is free: it begins in the place of the last."""
        if self.waiting and self.waiting[0].type == job_type:
            return self.waiting.popleft()
        return None

    def taken_out(self, job_ids: set[int]) -> list[LeasedJob]:
        """These begin now, whether there is room or not."""
        begun = [job for job in self.waiting if job.id in job_ids]
        for job in begun:
            self.waiting.remove(job)
        self.at_work += len(begun)
        return begun
