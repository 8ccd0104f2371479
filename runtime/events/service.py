"""EventService: hears of every commit and of every new picture of a parent, and tells the hub."""

from actors.messages import Committed, ParentProgress, Wiring
from actors.receive import Address, TypedActor
from runtime.events.hub import EventHub


class EventService(TypedActor):
    """The one publisher: there is no other way from a commit to a subscriber."""

    def __init__(self) -> None:
        super().__init__()
        self._hub: EventHub | None = None

    def receiveMsg_Wiring(self, message: Wiring, sender: Address) -> None:
        """Find the hub; whatever was missed while there was no EventService is in the rows."""
        hub: EventHub = self.resource("event_hub")
        self._hub = hub
        hub.committed((), elsewhere=True)

    def receiveMsg_Committed(self, message: Committed, sender: Address) -> None:
        """There are new events."""
        if self._hub is not None:
            self._hub.committed(message.ended_runs, elsewhere=not message.last_seq)

    def receiveMsg_ParentProgress(self, message: ParentProgress, sender: Address) -> None:
        """There is a new picture."""
        if self._hub is not None:
            self._hub.pictured(message.picture)
