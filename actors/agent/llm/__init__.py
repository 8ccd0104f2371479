"""Language models over HTTP.

- ``ask``      one question to the back end that is configured, with what went wrong as errors that say what to do
- ``openai``   the wire format of ``/chat/completions``
- ``gemini``   the wire format of ``models/{model}:generateContent``
- ``answer``   the JSON within what a model writes
- ``form``     the JSON Schema of an output, as the APIs take it
- ``reply``    what both give: the text, the tokens, why there is none
"""
