import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from makers import Maker

from careful import products
from careful.entrypoints.cli.product import command
from careful.kernel.errors import Invalid

WITH = b"""schema: product/1
product: {id: cam-1, name: Camera, models: [C-1]}
support: {until: 2026-12-24, automatic_updates: true}
data: []
"""


@pytest.fixture
def run(world, staff, tmp_path):
    products.declare(world, staff, WITH)
    products.approve(world, staff, "cam-1")
    products.publish_page(world, staff, "cam-1")
    maker = Maker(world, staff, tmp_path)
    maker.release("1.0.1")
    maker.fleet(2)
    parts = type("Parts", (), {"world": lambda _: world})()

    def typed(*arguments):
        done = CliRunner().invoke(command, arguments, obj=parts, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    return typed


def test_announce_and_see(run, clock):
    assert "Announce it" in run("end", "cam-1")
    said = run("end", "cam-1", "--last", "1.0.1", "--keeps", "Pictures.", "--stops", "Alerts.")
    assert "support ends on 2026-12-24" in " ".join(said.split())
    steps = json.loads(run("end", "cam-1", "--json"))
    assert steps[0]["state"] == "done"
    with pytest.raises(Invalid):
        run("end", "cam-1", "--last", "1.0.1")


def test_who_is_past_support_is_counted(run, world, clock):
    assert "No product is past" in run("past-support")
    clock.advance(timedelta(days=60))
    assert json.loads(run("past-support", "--json"))[0]["devices"] == 2
