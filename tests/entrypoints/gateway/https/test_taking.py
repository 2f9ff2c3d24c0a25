"""Taking messages: all records of a request or none, rates included; what may change is looked up again."""

import asyncio

import pytest

from careful import customer_data, devices, monitoring, products
from careful.devices import Identity
from careful.entrypoints.gateway.https.taking import Taking
from careful.entrypoints.gateway.intake import Admitted, Speaker
from careful.entrypoints.gateway.mqtt.permission import Denied, route
from careful.kernel import inbox
from careful.kernel.errors import Unavailable
from careful.kernel.inbox import SqliteInbox
from careful.products.permit import Checked

FILE = b"""\
schema: product/1
product: {id: cam-1}
data:
  - {id: rare, fields: [n], types: {n: integer}, personal: false, rate: {messages: 3, per: hour}}
"""
PERMIT = products.permit(products.parse(FILE))
RARE = route(PERMIT, "a", "d/a/up/rare")
WHO, MAY = Speaker("a", "cam-1", ""), Admitted(PERMIT)


def records(*numbers):
    return [b'{"n":%d}' % n for n in numbers]


@pytest.mark.parametrize(
    ("given", "kinds"),
    [
        ([records(1, 2, 3), records(4)], [None, "over-rate"]),
        ([records(1, 2, 3, 4), records(1, 2, 3)], ["over-rate", None]),
        ([[*records(1, 2), b'{"n":"x"}'], records(1, 2, 3)], ["wrong-type", None]),
        ([[b'{"n":'], records(1)], ["malformed-payload", None]),
    ],
    ids=["the rate is spent", "more than the rate spends nothing", "a fault spends nothing", "no JSON"],
)
def test_all_or_nothing(world, given, kinds):
    taking = Taking(world)
    found = [taking.check(WHO, MAY, RARE, one)[-1].denied for one in given]
    assert [one and one.kind for one in found] == kinds


def test_on_disk_and_in_order_or_not_at_all(world, monkeypatch):
    async def story():
        taking = Taking(world)
        checked = taking.check(WHO, MAY, RARE, records(1, 2))
        await taking.store(WHO, RARE, [(b'{"n":1}', checked[0], b""), (b'{"n":2}', checked[1], b"")])
        assert [one.payload for one in inbox.recent(world.home, "a")] == [b'{"n":2}', b'{"n":1}']
        monkeypatch.setattr(SqliteInbox, "_store", lambda *_: 1 / 0)
        with pytest.raises(Unavailable):
            await taking.store(WHO, RARE, [(b'{"n":3}', checked[0], b"")])
        assert inbox.count(world.home) == 2
        await taking.close()

    asyncio.run(story())


def test_counts_that_could_not_be_written_are_kept(world, monkeypatch):
    async def story():
        taking = Taking(world)
        taking.intake.count(WHO, "wrong-type", "rare.n")
        with monkeypatch.context() as broken:
            broken.setattr(taking, "_write", lambda *_: 1 / 0)
            await taking.flush()
        assert taking.intake.drain().refusals == {("a", "wrong-type"): ("rare.n", 1)}
        await taking.close()

    asyncio.run(story())


def test_what_comes_over_https_is_watched_too(world, staff):
    async def story():
        taking = Taking(world)
        connections = route(PERMIT, "a", "d/a/event/connections")
        table = b'{"peers":["203.0.113.9 4444 tcp established out 1"]}'
        await taking.store(WHO, connections, [(table, taking.check(WHO, MAY, connections, [table])[0], b"")])
        for _ in range(30):
            taking.refused(WHO, Denied("over-rate", "rare"))
        await taking.close()
        return taking

    products.declare(world, staff, FILE)
    asyncio.run(story())
    assert sorted(one.rule for one in monitoring.alerts(world)) == ["flood", "rate_over_limit"]
    assert not list(world.home.glob("inbox*"))


def test_a_named_record_that_is_sent_again_is_counted_once(world, staff):
    """Also after a restart, as the answer may have been lost with the process."""

    async def story():
        for names in ((b"key", b"key"), (b"key", b"")):
            taking = Taking(world)
            for name in names:
                checked = Checked({}, (Denied("undeclared-field", "rare.spare"),))
                await taking.store(WHO, RARE, [(b"{}", checked, name)])
            await taking.close()

    products.declare(world, staff, FILE)
    asyncio.run(story())
    assert [(one.count, one.left_out) for one in customer_data.refused_fields(world)] == [(2, 2)]
    assert inbox.count(world.home) == 2


def test_an_ended_customers_key_goes_though_no_device_speaks(world, staff):
    text = FILE.replace(b"personal: false, rate: {messages: 3, per: hour}", b"personal: true")
    products.declare(world, staff, text)
    products.approve(world, staff, "cam-1")
    devices.make_tokens(world, staff, "cam-1", ["cam-1-001"], "rev-a")

    async def story():
        now = [0.0]
        taking = Taking(world, monotonic=lambda: now[0])
        who, may = await taking.admit(Identity("cam-1-001", "cam-1", "rev-a", "active", ""))
        to = route(may.permit, "cam-1-001", "d/cam-1-001/up/rare")
        await taking.store(who, to, [(b'{"n":1}', taking.check(who, may, to, [b'{"n":1}'])[0], b"")])
        await taking.flush()
        made = customer_data.end_customer(world, staff, "cam-1-001", "asked")
        now[0] += 1.0
        await taking.flush()
        assert [bool(one.at) for one in customer_data.receipt(world, made.id).releases] == [True]
        await taking.close()

    asyncio.run(story())


def test_fields_left_out_over_https_are_watched_too(world, staff):
    async def story():
        taking = Taking(world)
        checked = Checked({}, (Denied("undeclared-field", "rare.spare"),))
        await taking.store(WHO, RARE, [(b"{}", checked, b"")])
        await taking.close()

    products.declare(world, staff, FILE)
    asyncio.run(story())
    assert [one.rule for one in monitoring.alerts(world)] == ["undeclared_field"]
