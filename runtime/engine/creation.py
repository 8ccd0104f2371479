"""Making actors from what Thespian's createActor is given: a class or its name, requirements, a global name, a source.

For the outside, what is wrong is raised. For an actor it is never raised: its child ends before it began, so the
parent gets ChildActorExited, and whoever sent the child something gets it back as PoisonMessage.
"""

import importlib
from typing import TYPE_CHECKING, Any

from thespian.actors import (
    ActorSystemFailure,
    InvalidActorSourceHash,
    InvalidActorSpecification,
    NoCompatibleSystemForActor,
)

from actors.receive import Address
from runtime.engine.address import EngineAddress
from runtime.engine.cell import ActorCell
from runtime.engine.ending import DEAD, EXITING
from runtime.engine.order import Order
from runtime.engine.plan import ActorPlan, UnknownPlan

if TYPE_CHECKING:
    from runtime.engine.engine import Engine


def create_primary(engine: "Engine", order: Order) -> Address:
    """Make an actor without a parent, or find the one of that global name. Called by host threads.

    Raises:
        ActorSystemFailure: the engine is closing.
        ImportError: the module can not be imported.
        InvalidActorSourceHash: the source is not loaded.
        InvalidActorSpecification: there is no such class.
        NoCompatibleSystemForActor: its class refuses the capabilities of this system.
    """
    spec = order.spec
    if engine.closing:
        raise ActorSystemFailure(f"{engine.name} is closing: {spec} was not created")
    if order.global_name and order.global_name in engine.global_names:
        return engine.global_names[order.global_name]
    if order.source_hash:
        engine.sources.wait(order.source_hash)
    try:
        plan = plan_of(engine, spec, order.source_hash)
    except (ImportError, InvalidActorSourceHash, InvalidActorSpecification):
        raise
    except Exception as error:
        raise InvalidActorSpecification(spec, str(error)) from error
    if not plan.suits(engine.capabilities, order.requirements):
        raise _incompatible(spec)
    return _spawn(engine, plan, None, order)


def create_child(engine: "Engine", parent: ActorCell, order: Order) -> EngineAddress:
    """Make a child of an actor, in that actor's turn; or find the actor of that global name."""
    if order.global_name and order.global_name in engine.global_names:
        return engine.global_names[order.global_name]
    if parent.state >= EXITING:
        # An actor that is ending and restarts its children would never end: this one is dead from the beginning.
        cell = _cell(engine, UnknownPlan(order.spec, engine.dispatchers.core), None, order)
        cell.state = DEAD
        return cell.address
    order = order._replace(source_hash=order.source_hash or parent.source_hash)
    owner = None if order.global_name else parent
    if order.source_hash and engine.sources.is_pending(order.source_hash):
        address = _spawn_later(engine, owner, order, order.source_hash)
    else:
        try:
            plan = plan_of(engine, order.spec, order.source_hash)
            if not plan.suits(engine.capabilities, order.requirements):
                raise _incompatible(order.spec)
        except Exception as error:  # noqa: BLE001 (reported, and the parent hears)
            address = _stillborn(engine, owner, order, error)
        else:
            address = _spawn(engine, plan, owner, order)
    if isinstance(address.cell, ActorCell) and address.cell.parent is parent:
        parent.adopt(address.cell)
    return address


def plan_of(engine: "Engine", spec: Any, source_hash: str | None) -> ActorPlan:
    """What is known of the class, or of the class of that name."""
    if not isinstance(spec, str):
        return engine.plan_of(spec)
    module, _, name = spec.rpartition(".")
    if not module:
        raise InvalidActorSpecification(spec, "it has no module; name it as module.Class")
    if source_hash:
        return engine.plan_of(engine.sources.find_class(source_hash, module, name))
    found = getattr(importlib.import_module(module), name, None)
    if found is None:
        raise InvalidActorSpecification(spec, f"the module {module} has no {name}")
    return engine.plan_of(found)


def _incompatible(spec: Any) -> NoCompatibleSystemForActor:
    return NoCompatibleSystemForActor(spec, "No compatible ActorSystem could be found")


def _cell(engine: "Engine", plan: ActorPlan, parent: ActorCell | None, order: Order) -> ActorCell:
    cell = ActorCell(engine, parent, plan)
    cell.requirements, cell.source_hash = order.requirements, order.source_hash
    cell.global_name = order.global_name
    return cell


def _spawn(engine: "Engine", plan: ActorPlan, parent: ActorCell | None, order: Order) -> EngineAddress:
    cell = _cell(engine, plan, parent, order)
    if order.global_name:
        first = engine.global_names.setdefault(order.global_name, cell.address)
        if first is not cell.address:
            return first
    engine.start(cell)
    return cell.address


def _spawn_later(engine: "Engine", parent: ActorCell | None, order: Order, source_hash: str) -> EngineAddress:
    """An actor whose source waits for its verdict. It has no turn until then, because this function holds it."""
    cell = _cell(engine, UnknownPlan(order.spec, engine.dispatchers.core), parent, order)
    cell.turn.acquire()
    engine.cells[cell] = None

    def settled() -> None:
        try:
            cell.take_plan(plan_of(engine, order.spec, source_hash))
        except Exception as error:  # noqa: BLE001 (raised again when the actor is made)
            cell.take_plan(UnknownPlan(order.spec, engine.dispatchers.core, error))

    if not engine.sources.when_settled(source_hash, settled):
        settled()
    return cell.address


def _stillborn(engine: "Engine", parent: ActorCell | None, order: Order, error: Exception) -> EngineAddress:
    cell = _cell(engine, UnknownPlan(order.spec, engine.dispatchers.core, error), parent, order)
    cell.global_name = None
    engine.start(cell)
    return cell.address
