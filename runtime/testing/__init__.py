"""The public test kit: workers and definitions tested inline and in simulation, on virtual time.

- ``machine``     a whole runtime on a stepped engine, killed between any two turns or inside a commit
- ``turns``       which ready actor goes next: the first one, or any by chance
- ``connection``  the store's connection with faults
- ``bell``        doorbells between simulated runtimes

Importing the package loads nothing.
"""
