"""Worker processes: where bodies of dispatcher ``cpu`` run, one at a time each, so that none of them ends the runtime.

- ``orders``    what runtime and process say to each other; ``frames`` how it is written on the socket
- ``naming``    by which name a process finds a worker
- ``command``   what starts one: a fresh interpreter, never a fork
- ``process``   one process as the runtime holds it: start, exchange, tell, kill
- ``crew``      all of one runtime's: the next job takes a process that rests, or starts one
- ``child``     what runs in the process

A process is started afresh (never forked), so it inherits no lock of the store. It dies with its runtime, however that
dies. Its death under a body is a failed attempt that names the signal and the last output.
"""
