"""Live progress on stderr: a bar per step on a terminal, plain lines elsewhere.

- ``display``  the contract of a display, and which one a stream gets
- ``picture``  a step as it is shown, read from the store
- ``pace``     rate and time left, from what was done when
- ``bars``     the live bars
- ``lines``    the plain lines
"""
