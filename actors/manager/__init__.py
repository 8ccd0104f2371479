"""Managers: what turns a step into a parent job and names its children.

- ``contract``   JobManager: what a manager must do
- ``registry``   which manager carries out which action
- ``actor``      ManagerActor routes; NamingActor carries out one start
- ``crawl``      the seeds of a crawl
- ``agent``      a job for each stored document that the filters let through
- ``places_search``  the first page of a search for places
- ``fan_out``    children that were handed over with the submit
- ``test_job_generator``   made-up jobs, to try a runtime out
"""

from actors.manager.contract import JobManager, ManagerContext
from actors.manager.registry import ManagerRegistry, missing, unmet

__all__ = ["JobManager", "ManagerContext", "ManagerRegistry", "missing", "unmet"]
