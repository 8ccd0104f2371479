"""Speed, measured beside its own floor in the same run, so that a claim is a ratio and not a machine.

- ``fanout``   no-op children through the public API, beside ``floor``
- ``floor``    the rows that run left, written, leased and settled again by bare sqlite3
- ``latency``  one no-op child on an idle runtime
- ``engine``   hops, spawns, lives and asks of the actor engine
- ``memory``   peak resident memory of this process
"""
