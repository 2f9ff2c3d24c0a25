"""By which version of the product file a release is judged, on both databases."""

import pytest

from careful import products, releases
from careful.kernel import ledger
from careful.kernel.errors import Invalid, NotFound, Refused

PART = {"type": "library", "name": "pillow", "version": "10.0.0", "purl": "pkg:pypi/pillow@10.0.0"}
FILE = "schema: product/1\nproduct: {{id: cam-1, name: Test Cam, models: [TC-1]}}\ndata: [{{id: a, fields: [{}]}}]\n"


@pytest.fixture
def declare(world, staff, camera):
    def run(fields, *, approve=True):
        done = products.declare(world, staff, FILE.format(fields).encode())
        if approve:
            products.approve(world, staff, camera)
        return done.version

    return run


@pytest.fixture
def add(world, staff, image, bom, camera):
    def run(version, **more):
        image.write_bytes(version.encode())
        return releases.add(world, staff, camera, version, image, bom(PART), ("rev-a",), **more).release

    return run


def fields(world, version):
    return releases.permit_for(world, "cam-1", version).streams["a"].fields


def test_a_release_keeps_to_the_file_in_force_when_it_was_made(world, staff, declare, add):
    first = declare("x")
    old = add("1.0.0")
    second = declare("x, y")
    declare("x, y, z", approve=False)
    new = add("2.0.0")
    assert (old.declaration, new.declaration) == (first, second)
    assert fields(world, "1.0.0") == {"x"}
    assert fields(world, "2.0.0") == {"x", "y"}
    assert releases.permit_for(world, "cam-1", "1.0.0").version == first


def test_without_a_known_release_the_file_in_force_counts(world, staff, declare, add):
    declare("x")
    one = add("1.0.0")
    now = declare("x, y")
    for version in (None, "", "9.9.9"):
        assert releases.permit_for(world, "cam-1", version).version == now
    assert fields(world, "1.0.0") == {"x"}
    releases.withdraw(world, staff, one.id, "faulty")
    assert fields(world, "1.0.0") == {"x", "y"}


def test_another_version_can_be_named(world, declare, add):
    first = declare("x")
    declare("x, y")
    open_ = declare("x, y, z", approve=False)
    assert add("1.0.0", declaration=first).declaration == first
    for wrong, why in ((open_, "was never approved"), (99, "does not exist")):
        with pytest.raises(Refused, match=why):
            add("2.0.0", declaration=wrong)
    assert add("1.0.0").declaration == first
    with pytest.raises(Refused, match="another version of the product file"):
        add("1.0.0", declaration=first + 1)


def test_a_release_can_be_pinned_anew(world, staff, declare, add):
    first = declare("x")
    one = add("1.0.0")
    second = declare("x, y")
    done = releases.pin(world, staff, one.id, second, " a field was forgotten ")
    assert (done.declaration, fields(world, "1.0.0")) == (second, {"x", "y"})
    releases.pin(world, staff, one.id, second, "again")
    with world.look() as connection:
        (entry,) = ledger.read(connection, names=["releases.declaration_pinned"])
    assert (entry.data["before"], entry.data["declaration"], entry.data["reason"]) == (
        first,
        second,
        "a field was forgotten",
    )
    with pytest.raises(Invalid):
        releases.pin(world, staff, one.id, first, " ")
    with pytest.raises(NotFound):
        releases.pin(world, staff, "nothing", first, "why")
    with pytest.raises(Refused):
        releases.pin(world, staff, one.id, 99, "why")
