"""Customers' requests that were not answered in time: told to the ledger, each once."""

from careful.customer_data import requests_store, store
from careful.customer_data.events import RequestOverdue
from careful.customer_data.request_model import Request
from careful.kernel import ledger
from careful.kernel.actors import SYSTEM
from careful.kernel.work import Work, World


def overdue_requests(world: World) -> list[Request]:
    """Return the requests that are open and past their time, the longest overdue first."""
    with world.look() as connection:
        return requests_store.overdue(connection, world.clock.now())


def tell_overdue(world: World) -> int:
    """Tell the ledger of requests whose time is over; return of how many. A chore for the worker, may run twice."""
    if not overdue_requests(world):
        return 0
    with world.change(SYSTEM) as work:
        store.take_turn(work.connection)  # several workers tell of each once
        return sum(_tell(work, one) for one in requests_store.overdue(work.connection, work.now))


def _tell(work: Work, one: Request) -> int:
    event = RequestOverdue(request=one.id, device=one.device, product=one.product, kind=one.kind, due=one.due)
    if ledger.read(work.connection, names=[RequestOverdue.name], subject=event.subject(), limit=1):
        return 0
    work.record(event)
    return 1
