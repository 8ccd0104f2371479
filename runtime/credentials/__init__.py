"""Auth records: what crawls log in with. Sealed by a key that is not in the store.

- ``record``   a record as people export it, checked
- ``key``      the key file: mode 0600, made once
- ``vault``    seals and opens; gives workers what they need
"""
