"""Declared beside seen."""

from datetime import UTC, datetime

import pytest
from collected import FILE, Collected

from careful import customer_data, products, releases
from careful.customer_data import ObservedField, RefusedField
from careful.customer_data.table import item_row
from careful.kernel.errors import NotFound

AT = datetime(2026, 5, 1, tzinfo=UTC)
VOICE, CLIMATE, ACCOUNT = products.parse(FILE).data


def seen(item, field, count):
    return ObservedField(product="toy-1", item=item, field=field, count=count, first_at=AT, last_at=AT)


def stopped(item, field, count):
    return RefusedField(
        product="toy-1", release="", item=item, field=field, kind="wrong-type", count=count, left_out=0, devices=1,
        first_at=AT, last_at=AT,
    )  # fmt: skip


def test_what_is_declared_stands_beside_what_was_seen():
    row = item_row(
        "toy-1",
        2,
        VOICE,
        [seen("voice", "", 5), seen("voice", "clip", 4), seen("climate", "clip", 9)],
        [stopped("voice", "seconds", 2), stopped("voice", "ssid", 1), stopped("climate", "seconds", 7)],
    )
    assert (row.stream, row.records, row.last_at, row.refused, row.refused_at) == (True, 5, AT, 3, AT)
    assert (row.personal, row.consent, row.retention_days, row.refusal) == (True, "parental", 30, "record")
    clip, seconds = row.fields
    assert (clip.personal, clip.consent, clip.records, clip.refused) == (True, "parental", 4, 0)
    assert (seconds.personal, seconds.consent, seconds.low, seconds.high, seconds.unit) == (False, "none", 0, 60, "s")
    assert (seconds.records, seconds.refused) == (0, 2)
    assert row.never_sent == ("seconds",)


def test_what_does_not_come_from_devices_is_listed_and_not_missed():
    row = item_row("toy-1", 1, ACCOUNT, [], [])
    assert (row.stream, row.never_sent, row.last_at) == (False, (), None)


def test_a_rate_in_words():
    assert item_row("toy-1", 1, CLIMATE, [], []).rate == "60 messages an hour"
    assert item_row("toy-1", 1, VOICE, [], []).rate == ""


def test_one_product_or_all(world, staff):
    made = Collected(world, staff)
    made.declare()
    made.take()
    made.refuse()
    assert [one.item for one in customer_data.data_table(world)] == ["voice", "climate", "account"]
    climate = customer_data.data_item(world, "toy-1", "climate")
    assert (climate.records, climate.refused) == (40, 6)
    for missing in (lambda: customer_data.data_table(world, "x"), lambda: customer_data.data_item(world, "toy-1", "x")):
        with pytest.raises(NotFound):
            missing()


def test_a_release_that_keeps_to_an_older_file_is_named_where_the_newer_one_declares_it(world, staff, house):
    house.maker.release("1.0.0")
    older = products.get(world, "cam-1").version
    text = products.text_of(world, "cam-1", older).replace(b"[celsius]", b"[celsius, ssid]")
    products.declare(world, staff, text)
    products.approve(world, staff, "cam-1")
    made = Collected(world, staff, "cam-1")
    made.refuse()
    made.refuse(field="nowhere")
    made.refuse(release="")
    made.refuse(kind="wrong-type", field="celsius")
    found = customer_data.refused_fields(world)
    assert customer_data.pinned_away(world, found) == {("cam-1", "1.0.0"): older + 1}
    one = releases.get(world, "cam-1", "1.0.0")
    assert releases.keeps_to_older(one, older + 1)
    releases.pin(world, staff, one.id, older + 1, "forgotten")
    assert customer_data.pinned_away(world, found) == {}
    assert not releases.keeps_to_older(releases.get(world, "cam-1", "1.0.0"), older + 1)
