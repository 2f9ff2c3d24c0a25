"""Attestations with their releases, and releases that must have one."""

import pytest
from attestations import Builder
from makers import Maker

from careful import releases, updates
from careful.kernel import ledger
from careful.kernel.errors import Invalid, NotFound, Refused


@pytest.fixture
def maker(world, staff, tmp_path):
    return Maker(world, staff, tmp_path)


@pytest.fixture
def release(maker):
    return maker.release("1.0.0", publish=False)


def events(world):
    with world.look() as connection:
        return [one.data for one in ledger.read(connection, names=["releases.provenance_added"])]


def test_it_is_kept_and_told_once(world, staff, release):
    builder = Builder()
    releases.set_policy(world, staff, "cam-1", builder.policy())
    content = builder.attest(release.artifact.sha256)
    assert releases.add_provenance(world, staff, release.id, content).accepted
    assert releases.add_provenance(world, staff, release.id, content).accepted
    assert releases.provenance_bytes(world, release.id) == content
    [told] = events(world)
    assert (told["builder"], told["accepted"]) == (builder.id, True)


def test_a_release_without_it_is_not_signed_where_it_is_required(world, staff, release):
    builder = Builder()
    releases.set_policy(world, staff, "cam-1", builder.policy())
    with pytest.raises(Refused, match="has no provenance"):
        updates.sign_release(world, staff, release.id)
    with pytest.raises(Refused, match="signed by no key"):
        releases.add_provenance(world, staff, release.id, Builder().attest(release.artifact.sha256))
    releases.add_provenance(world, staff, release.id, builder.attest(release.artifact.sha256))
    assert updates.sign_release(world, staff, release.id).missing == 0


def test_what_was_taken_before_is_judged_by_the_policy_of_today(world, staff, release):
    builder = Builder()
    assert not releases.add_provenance(world, staff, release.id, builder.attest(release.artifact.sha256)).accepted
    releases.set_policy(world, staff, "cam-1", builder.policy())
    assert releases.provenance_of(world, release).accepted
    releases.set_policy(world, staff, "cam-1", Builder().policy())
    assert not releases.provenance_of(world, release).accepted
    with pytest.raises(Refused, match="no provenance that is taken"):
        updates.sign_release(world, staff, release.id)


def test_without_a_policy_nobody_is_asked(world, staff, release):
    updates.sign_release(world, staff, release.id)
    assert releases.provenance_of(world, release) is None
    with pytest.raises(NotFound):
        releases.provenance_bytes(world, release.id)


def test_of_another_image(world, staff, release):
    with pytest.raises(Invalid, match="does not speak of this image"):
        releases.add_provenance(world, staff, release.id, Builder().attest("b" * 64))
