"""Why does it not move? Answered from the rows alone, at one snapshot, in any process.

- ``explain``   the answer for a run, a step or a job
- ``reason``    Explanation, Reason and their codes
- ``scene``     who is there: runtimes, what they offer, which of them live
- ``holds``     what holds jobs of one type back, whichever they are: pauses, missing workers, slots
- ``job``, ``step``, ``run``   the reasons of each

Nothing here counts rows that may be a million: a parent's children are told by its counts and its lanes, what runs by
the leases, of which there are no more than slots.
"""
