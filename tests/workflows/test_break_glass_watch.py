"""The executive is told by mail of very much that was about to be opened, once."""

import persons
from household import make_house
from sqlalchemy import select

from careful import customer_data, people
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import TooMany
from careful.kernel.outbox import messages
from careful.workflows import break_glass_watch


def test_executives_are_written_to_once(world, staff, tmp_path):
    house = make_house(world, staff, tmp_path)
    object.__setattr__(world, "settings", world.settings.model_copy(update={"break_glass_records": 10}))
    for number in range(11):
        house.say("up/climate", celsius=number)
    with persons.cheap_hashing():
        ann = persons.enrol(world, world.clock, people.first_link(world))
        link = people.invite(world, people.actor_of(ann.session), ("executive",))
        persons.enrol(world, world.clock, link, email="eve@example.org", name="Eve")
    assert break_glass_watch.tell(world) == 0
    one = customer_data.break_glass(world, OPERATOR, "cam-1-001", reason="smoke", case_number="C-7").id
    try:
        customer_data.open_records(world, OPERATOR, one, "up/climate")
    except TooMany:
        assert break_glass_watch.tell(world) == 1
    assert break_glass_watch.tell(world) == 0
    with world.look() as connection:
        (payload,) = connection.execute(select(messages.c.payload).where(messages.c.key.like("glass/%"))).scalars()
    assert payload["to"] == "eve@example.org"
    assert "case number C-7" in payload["body"]
