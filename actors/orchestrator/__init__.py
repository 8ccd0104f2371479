"""Orchestrators: one ParentJobOrchestrator per live run and per live step, and the decisions about parents.

- ``outcome``    the state a parent ends in (pure)
- ``tolerance``  when a step has failed too often (pure)
- ``plan``       which steps a step's end starts, closes or cancels (pure)
- ``reopen``     which steps a retry of an ended run opens again (pure)
- ``condition``  whether a step is to run, by the ends of earlier ones (pure); ``expression`` reads its text
- ``turns``      which children wait for a worker (pure)
- ``contract``   ParentJobOrchestrator: what both kinds understand
- ``run``        RunOrchestrator supervises the orchestrators of its steps
- ``step``       StepOrchestrator supervises the worker actors of its running children

The decisions are asked for by the store inside the committing transaction; the actors never decide.
"""
