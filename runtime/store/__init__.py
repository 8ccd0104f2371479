"""The store: one SQLite file, one writing connection per process, the only code that speaks SQL.

- ``models``       the tables as peewee models; ``schema`` their SQL and the numbered migrations
- ``database``     opens a file: refuses what is not a store, migrates, sets what durability needs
- ``owner``        each runtime's lock, by which others know that it lives; ``enrolment`` makes it, with its row
- ``newcomers``    where a new lane comes in among those that wait
- ``rows``         parents and lanes as a transaction holds them; ``parent_jobs`` the job rows of runs and steps
- ``transaction``  one write transaction as a unit of work, of a runtime that ``context`` describes
- ``verbs``        what changes the store, one durable verb a file
- ``commit``       group commit, and what happens when one fails; ``failure`` says whose fault that is
- ``file``         StoreFile: one runtime's hold on one store; ``holdings`` what it holds, as the rows have it
- ``neighbours``   the other runtimes on the store: whether they live, how to wake them
- ``shared``       what to say when others write too and SQLite has a race
- ``borrowed``     a transaction of the store inside one of the caller's
- ``doorbell``     wakes the other runtimes on the store, by sockets in ``datagrams``; ``concern`` says for what
- ``actor``        StoreActor: buffers and commits; ``slots``, ``pictures`` are its books, ``reports`` what it tells
- ``gathering``    when a commit waits for more to carry
- ``chores``       its small transactions between the work: the search index, and ``pruning``, what goes from the store
- ``retention``    how long what has ended is kept; ``logs`` how many lines of a job
- ``visible``      what readers see: the tables without what was deleted
- ``reading``      every question, answered at one snapshot
- ``events``       how the events of a commit are stored; ``checksum`` over a job's immutable columns
"""
