"""What a runtime that starts finds in its definitions: schedules are set and runs started, all in one commit.

So two runtimes that start at once start a run once: who comes second finds it unended.
"""

from actors.firing import next_firing
from actors.messages import AdoptDefinitions, Adopted
from runtime.store.moves import PARENT_IS_OPEN
from runtime.store.transaction import Transaction
from runtime.store.verbs.schedule import forget_schedule, set_schedule
from runtime.store.verbs.submit import submit

_OF_DIRECTORY = "SELECT id FROM schedule WHERE origin = ? ORDER BY id"
_UNENDED = f"""
SELECT EXISTS (SELECT 1 FROM parent INDEXED BY parent_open JOIN job USING (id)
               WHERE parent.state {PARENT_IS_OPEN} AND parent.kind = 'run' AND job.type = ?)
"""


def adopt(transaction: Transaction, request: AdoptDefinitions) -> Adopted:
    """Set the schedules, forget those that vanished from the directory, start what is not under way.

    Raises:
        FiringError: a schedule never fires, or this host does not know its time zone; nothing was changed.
        UnknownStepError: a definition to be started was not checked.
    """
    for each in request.schedules:
        next_firing(each.definitions[0].schedule, each.definitions[0].time_zone, transaction.now_ms)
    scheduled = [set_schedule(transaction, each) for each in request.schedules]
    wanted = {each.id for each in scheduled}
    forgotten: list[str] = []
    if request.directory:
        found = transaction.connection.execute(_OF_DIRECTORY, (request.directory,)).fetchall()
        forgotten = [known for (known,) in found if known not in wanted]
    for vanished in forgotten:
        forget_schedule(transaction, vanished)
    started: list[int] = []
    for start in request.starts:
        transaction.flush()
        if transaction.connection.execute(_UNENDED, (start.definition.id,)).fetchone()[0]:
            continue
        run_id, created = submit(transaction, start)
        if created:
            started.append(run_id)
    return Adopted(tuple(each.id for each in scheduled if each.changed), tuple(forgotten), tuple(started))
