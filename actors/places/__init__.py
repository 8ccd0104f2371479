"""Places: what a search for places asks, of whom, and what becomes of the answer. Pure, but for nothing.

- ``config``         what a step of the action ``places_search`` says
- ``settings``       ``[workers.places_search]``: whom to ask, with which key
- ``place``          one place, whoever tells of it; filters; the document
- ``google``         the wire format of Google's Places API (New)
- ``google_legacy``  the wire format of the Places API before it
- ``openstreetmap``  the wire formats of Nominatim and Overpass
- ``provider``       which of them is asked
"""
