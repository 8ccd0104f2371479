"""The actors that name: what they do in an order of messages that the engine may choose."""

from actors.job import Step, StepStart
from actors.manager import ManagerRegistry
from actors.manager.actor import ManagerActor
from actors.manager.fan_out import FanOutManager
from actors.messages import CreateChildren, NameChildren, Wiring
from actors.receive import Address, TypedActor
from actors.seams import ManualClock
from runtime.engine import engine_step, open_system, tell
from tests.store.driver import definition


class Listener(TypedActor):
    """Stands for the store, and keeps what it is sent."""

    def receiveMsg_NameChildren(self, message: NameChildren, sender: Address) -> None:
        self.resource("seen").append(message)


def test_a_step_that_comes_before_the_manager_knows_the_store_is_named_once_it_does() -> None:
    seen: list[NameChildren] = []
    resources = {
        "observer": None,
        "seen": seen,
        "managers": ManagerRegistry([FanOutManager]),
        "clock": ManualClock(),
    }
    system = open_system(resources=resources, stepped=True)
    try:
        store, manager = system.createActor(Listener), system.createActor(ManagerActor)
        fan_out = Step(name="a", action="fan_out", config={"pages": 0})
        start = StepStart(2, 1, 7, None, 1, fan_out, definition(fan_out))
        tell(system, manager, CreateChildren(start))
        assert engine_step(system)
        tell(system, manager, Wiring(store, store, store, store, store, 30.0, {}))
        while engine_step(system):
            pass
        assert [message.start for message in seen] == [start]
    finally:
        system.shutdown()
