"""Reading the store: each answer is taken at one snapshot and equals what SQL would count there.

- ``reader``     StoreReader: the connection, and everything below as methods
- ``jobs``       one job, lists of jobs, a run with its steps, the tree
- ``records``    events, log lines
- ``documents``  documents and full-text search
- ``objects``    the JSON objects that the command line and the API show
"""
