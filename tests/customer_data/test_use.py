"""What nobody reads is proposed to be collected no more."""

from datetime import timedelta

from careful import customer_data, products
from careful.customer_data import reads_store
from careful.customer_data.use import Use, unread
from careful.kernel import ledger
from careful.kernel.actors import SYSTEM

DAY = timedelta(days=1)


def told(world, name):
    with world.look() as connection:
        return [one.data for one in ledger.read(connection, names=[name])]


def test_since_when_a_field_is_unread(clock):
    now = clock.now()

    def use(name, since, read=None):
        return Use("cam", "up/clip", name, now - since * DAY, None if read is None else now - read * DAY, None)

    fields = [use("new", 10), use("old", 100), use("read", 100, 20), use("once", 300, 120)]
    assert [one.field for one in unread(fields, now)] == ["old", "once"]


def test_a_field_that_nobody_reads_is_proposed_once_in_ninety_days(house):
    world = house.world
    assert customer_data.measure_use(world) == 1
    assert customer_data.measure_use(world) == 0
    (measured,) = told(world, "customer_data.use_measured")
    assert (measured["fields"], measured["personal"], measured["unread"]) == (4, 3, [])
    assert measured["without_purpose"] == ["event/motion.zone"]
    assert measured["without_role"] == ["event/motion.zone"]
    world.clock.advance(91 * DAY)
    with world.change(SYSTEM) as work:
        reads_store.note_use(work.connection, "cam-1", "up/clip", ["zone"], work.now)
    assert customer_data.measure_use(world) == 1
    proposed = [f"{one['stream']}.{one['field']}" for one in told(world, "customer_data.removal_proposed")]
    assert proposed == ["event/motion.zone", "up/climate.celsius", "up/clip.seconds"]
    assert told(world, "customer_data.use_measured")[-1]["unread"] == proposed
    world.clock.advance(2 * DAY)
    customer_data.measure_use(world)
    assert len(told(world, "customer_data.removal_proposed")) == 3
    assert [one.field for one in customer_data.uses(world) if one.proposed_at] == ["zone", "celsius", "seconds"]


def test_a_field_that_is_taken_out_is_forgotten(house, staff):
    world = house.world
    customer_data.measure_use(world)
    text = products.text_of(world, "cam-1", 1).replace(b"[zone, seconds]", b"[zone]")
    products.declare(world, staff, text)
    products.approve(world, staff, "cam-1")
    world.clock.advance(2 * DAY)
    customer_data.measure_use(world)
    assert "seconds" not in {one.field for one in customer_data.uses(world, "cam-1")}
