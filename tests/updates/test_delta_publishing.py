"""Deltas that were made after their release was signed."""

import json

import pytest
from tuf.api.metadata import Metadata

from careful import releases, updates
from careful.kernel.keys import Keys
from careful.releases import signing
from careful.updates import delta_store
from careful.updates.delta_plan import Delta


@pytest.fixture
def made(world, maker):
    """A release with a delta that nobody signed yet."""
    base, aim = maker.release("1.0.0"), maker.release("1.0.1")
    return note(world, base, aim)


def note(world, base, aim, content=b"a patch"):
    path = world.home / "patch"
    path.write_bytes(content)
    kept = releases.keep_extra(world, path)
    one = Delta(
        release=aim.id, base=base.id, product="cam-1", format="lzma", state="ready", sha256=kept.sha256, sha1=kept.sha1,
        md5=kept.md5, size=kept.size, base_sha256=base.artifact.sha256, base_size=base.artifact.size,
        full_sha256=aim.artifact.sha256, full_size=aim.artifact.size, version=aim.version, seconds=1.0, reason="",
        made_at=world.clock.now(),
    )  # fmt: skip
    with world.change(maker_actor()) as work:
        delta_store.add(work.connection, one)
    return one


def maker_actor():
    from careful.kernel.actors import SYSTEM  # noqa: PLC0415 (a helper of the test's own)

    return SYSTEM


def targets(world):
    return updates.published(world, "cam-1").targets


def test_with_the_key_here_it_comes_into_force_by_itself(world, made):
    assert updates.publish_deltas(world) == 1
    assert made.path in targets(world)
    place = updates.repository_dir(world, "cam-1") / "targets" / "1.0.1" / f"{made.sha256}.{made.filename}"
    assert place.read_bytes() == b"a patch"
    metadata = updates.repository_dir(world, "cam-1") / "metadata"
    number = updates.published(world, "cam-1").versions["releases"]
    found: Metadata = Metadata.from_bytes((metadata / f"{number}.releases.json").read_bytes())
    custom = found.signed.targets[made.path].custom
    assert custom["delta"]["from"] == {"sha256": made.base_sha256, "length": made.base_size}
    assert custom["delta"]["to"] == {"sha256": made.full_sha256, "length": made.full_size}
    assert "product" not in custom  # no agent can take the patch itself for an image
    assert updates.publish_deltas(world) == 0


def test_a_release_that_is_not_published_waits(world, maker):
    base = maker.release("1.0.0")
    aim = maker.release("1.0.1", publish=False)
    note(world, base, aim)
    assert updates.publish_deltas(world) == 0
    updates.sign_release(world, maker.staff, aim.id)
    updates.publish(world, maker.staff, aim.id)
    assert updates.publish_deltas(world) == 1  # it was signed with its release, and is only noted
    assert updates.published(world, "cam-1").versions["releases"] == 3


def test_with_the_key_elsewhere_it_waits_for_the_next_signature(world, maker, made, staff, tmp_path):
    updates.export_keys(world, staff, "cam-1", tmp_path / "stick")
    before = targets(world)
    assert updates.publish_deltas(world) == 0
    assert targets(world) == before
    request = updates.signing_request(world, made.release)
    assert made.path in signing.read_request(request).targets
    answer = signing.answer_request(request, Keys(tmp_path / "stick"))
    updates.take_answer(world, staff, "cam-1", answer)
    updates.publish(world, staff, made.release)
    assert made.path in targets(world)
    assert updates.publish_deltas(world) == 1


def test_one_made_while_somebody_signs_elsewhere_does_not_spoil_the_answer(world, maker, staff, tmp_path):
    base, aim = maker.release("1.0.0"), maker.release("1.0.1", publish=False)
    updates.export_keys(world, staff, "cam-1", tmp_path / "stick")
    request = updates.signing_request(world, aim.id)
    note(world, base, aim)
    answer = signing.answer_request(request, Keys(tmp_path / "stick"))
    updates.take_answer(world, staff, "cam-1", answer)
    updates.publish(world, staff, aim.id)
    assert targets(world) == ("1.0.0/cam-1-1.0.0.img", "1.0.1/cam-1-1.0.1.img")


def test_what_somebody_signed_and_did_not_publish_is_not_put_in_force(world, maker, made, staff):
    other = maker.release("1.0.2", publish=False)
    updates.sign_release(world, staff, other.id)
    assert updates.publish_deltas(world) == 0
    assert "1.0.2/cam-1-1.0.2.img" not in targets(world)


def test_deltas_of_a_withdrawn_release_go_with_it(world, maker, made, staff):
    updates.publish_deltas(world)
    releases.withdraw(world, staff, made.release, "it was bad")
    maker.release("1.0.2")
    assert made.path not in targets(world)


def test_signed_metadata_says_it_in_standard_json(world, made):
    updates.publish_deltas(world)
    number = updates.published(world, "cam-1").versions["releases"]
    path = updates.repository_dir(world, "cam-1") / "metadata" / f"{number}.releases.json"
    assert json.loads(path.read_bytes())["signed"]["targets"][made.path]["length"] == len(b"a patch")
