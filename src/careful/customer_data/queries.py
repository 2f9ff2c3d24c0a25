"""What one may ask about customers."""

from sqlalchemy import select

from careful.customer_data import store
from careful.customer_data.model import Customer, Epoch
from careful.kernel.work import World


def wrapped_key(world: World, device: str) -> tuple[Customer, bytes] | None:
    """Return a device's present customer with their wrapped key."""
    with world.look() as connection:
        return store.living(connection, device)


def customer(world: World, one: str) -> Customer | None:
    """Return a customer."""
    with world.look() as connection:
        row = connection.execute(select(store.customer).where(store.customer.c.id == one)).one_or_none()
    return None if row is None else store.as_customer(row)


def customers_of(world: World, device: str) -> list[Customer]:
    """Return the customers that a device has had, the newest first."""
    query = select(store.customer).where(store.customer.c.device == device)
    with world.look() as connection:
        rows = connection.execute(query.order_by(store.customer.c.since.desc(), store.customer.c.id)).all()
    return [store.as_customer(row) for row in rows]


def epochs(world: World) -> list[Epoch]:
    """Return all epochs, oldest first."""
    with world.look() as connection:
        return [one for one, _ in store.epochs(connection)]
