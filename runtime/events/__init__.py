"""Events: one sequence in the store; here is who is told when it has grown.

- ``hub``      EventHub: wakes readers and waiters in the host's threads and loops
- ``cloud_events``  what others are shown of an event
- ``service``  EventService: the actor that hears of commits and tells the hub
"""
