"""The ``transform`` job: a stored HTML document as a further document of another format.

- ``config``    the step's configuration, and what can be wrong with it
- ``formats``   HTML to Markdown, text and JSON (pure)
- ``validity``  the first fault of an HTML page, with its place (pure)
- ``worker``    reads one document and saves the other
"""
