"""The domain: who talks to whom, in which messages, deciding what.

Read it in this order:

- ``states``        the state machines of runs, steps and jobs, as one table
- ``job``           the nouns: Lease, Outcome, Counts, JobDefinition, Step, ErrorTolerance
- ``documents``     stored documents as managers and workers see them; ``document_selection`` the ``filter_*`` keys of
                    steps that work on them
- ``ids``           time-ordered job ids and their text form
- ``messages``      the protocol: commands go down, reports go up
- ``receive``       TypedActor: one handler per message type; ``extras`` is what it asks of its carrier,
                    ``encoding`` messages as bytes, ``portable`` TypedActor on Thespian's own bases
- ``supervisor``    the root of the tree: starts, restarts, drains, stops
- ``supervision``   restart intensity (pure)
- ``processor``     JobProcessor: asks the store for ready work and routes it
- ``scheduler``     timers: backoff, rates, leases, heartbeats
- ``firing``        when a cron schedule fires next (pure)
- ``manager``       the JobManager contract and one file per action
- ``worker``        the JobWorker and JobSpawner contracts and one file per job type
- ``orchestrator``  ParentJobOrchestrator and its pure decisions
- ``agent``         agent types: what is found out about a document, by a library or by a language model
- ``remote``        one bounded request to a service of somebody else
- ``places``        searches for places: what is asked of whom, and the document that comes of it
- ``settings``      what workers and managers are told by their runtime; secrets
- ``pace``          how many bodies of a step are worth having under way
- ``seams``         clock and random, the only way to time and chance

Nothing here knows SQL, HTTP servers, configuration files or the engine: ``runtime`` carries the actors, never the
other way round. This module imports nothing.
"""
