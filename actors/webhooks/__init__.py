"""Webhooks: events of the store, sent to a URL of somebody else's, signed.

- ``webhook``    what one is: its URL, the events it wants, its limits; and what a delivery is asked to do
- ``checking``   what may be said of one
- ``signature``  secrets and signatures, as https://www.standardwebhooks.com has them
- ``post``       one request, bounded, to addresses of the internet unless others are allowed
- ``target``     where deliveries find their URL and secrets at the time they are made
"""
