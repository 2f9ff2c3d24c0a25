"""What a release changes, against the one before."""

import json
from datetime import timedelta

import pytest
from attestations import Builder
from hypothesis import given
from hypothesis import strategies as st
from makers import Maker

from careful import products, releases
from careful.workflows.what_changed import Difference, differences, what_changed

SIDE = st.dictionaries(st.text(max_size=3), st.text(min_size=1, max_size=3))
DECLARED = """
schema: product/1
product: {{id: cam-1, name: Test, models: [cam-1]}}
interfaces: [{{id: app, kind: app, reach: internet}}{more}]
"""


@pytest.fixture
def ship(world, staff, tmp_path):
    maker = Maker(world, staff, tmp_path)
    maker.declare()

    def add(version, *components, content=b"image"):
        image = tmp_path / f"cam-{version}.img"
        image.write_bytes(content)
        listed = [{"name": name, "version": said, "purl": f"pkg:pypi/{name}@{said}"} for name, said in components]
        bom = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": listed}).encode()
        return releases.add(world, staff, "cam-1", version, image, bom, ("rev-a",)).release

    return add


@given(SIDE, SIDE)
def test_differences_lead_from_one_side_to_the_other(before, after):
    found = differences(before, after)
    reached = dict(before)
    for one in found:
        assert one.kind in {"came", "went", "changed"}
        if one.after:
            reached[one.name] = one.after
        else:
            del reached[one.name]
    assert reached == after
    assert differences(after, after) == ()


def test_the_first_release_changes_nothing(world, ship):
    assert what_changed(world, ship("1.0.0")) is None


def test_components_and_size(world, ship):
    ship("1.0.0", ("pillow", "10.0.0"), ("six", "1.0"))
    found = what_changed(world, ship("1.0.1", ("pillow", "10.0.1"), ("attrs", "2.0"), content=b"image!!"))
    assert found.before.version == "1.0.0"
    assert found.size == 2
    assert found.components == (
        Difference("attrs", "", "2.0"), Difference("pillow", "10.0.0", "10.0.1"), Difference("six", "1.0", "")
    )  # fmt: skip


def test_what_was_declared_when_each_was_added(world, staff, ship, clock):
    products.declare(world, staff, DECLARED.format(more="").encode())
    products.approve(world, staff, "cam-1")
    ship("1.0.0")
    clock.advance(timedelta(hours=1))
    products.declare(world, staff, DECLARED.format(more=", {id: shell, kind: ssh, reach: lan}").encode())
    products.approve(world, staff, "cam-1")
    clock.advance(timedelta(hours=1))
    found = what_changed(world, ship("1.0.1"))
    assert [(one.name, one.kind) for one in found.interfaces] == [("shell", "came")]
    assert found.permissions == found.endpoints == ()


def test_a_withdrawn_release_is_not_compared_with(world, staff, ship):
    ship("1.0.0", ("six", "1.0"))
    bad = ship("1.0.1")
    releases.withdraw(world, staff, bad.id, "bad")
    assert what_changed(world, ship("1.0.2")).before.version == "1.0.0"


def test_another_builder_is_said(world, staff, ship):
    ship("1.0.0")
    one = ship("1.0.1")
    releases.add_provenance(world, staff, one.id, Builder().attest(one.artifact.sha256))
    found = what_changed(world, one)
    assert found.builder.kind == "came"
    assert isinstance(found.flaws, tuple)
