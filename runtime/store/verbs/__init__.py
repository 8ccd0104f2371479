"""What changes the store: one durable verb a file, each called with an open ``Transaction``.

- ``submit``    a run with its steps; staged pages
- ``name``      one page of a step's children
- ``children``  rows of child jobs, admitted by unique key and limit
- ``lease``     ready work within the slots, fairly; ``take`` reads and marks it
- ``settle``    ended attempts, each under its token
- ``document``  documents of an attempt; ``index`` fills the search index from the queue
- ``end``       the ends of parents and what follows from them; ``tolerate`` how many failures a step bears
- ``damaged``   the end of a job whose row is damaged
- ``cancel``    a run, a step or a job with all below it
- ``sweep``     the waiting children of closing parents, slice by slice
- ``delete``    marks an ended run or step, which nobody sees from then on; ``erase`` removes its rows, slice by slice
- ``expire``    what is kept no longer because of its age: runs, events, submit keys, rates
- ``wake``      what was waiting for a time
- ``recover``   leases of dead owners, expired ones, and those given back
- ``own``       the owner's row: register, heartbeat, leave
"""
