import bundle_makers as tools
import pytest
from makers import Maker

from careful import releases, updates
from careful.kernel import ledger
from careful.kernel.errors import Invalid, NotFound, Refused


@pytest.fixture
def maker(world, staff, tmp_path):
    return Maker(world, staff, tmp_path)


@pytest.fixture
def draft(maker):
    return maker.release("1.0.1", publish=False)


@pytest.fixture
def file(tmp_path):
    def make(name, content=b"more"):
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return make


def test_parts_are_signed_with_the_image_as_one_set(world, staff, draft, file):
    releases.add_part(world, staff, draft.id, "bApp", file("app.bin", b"app"), name="player", version="7.1")
    known = releases.add_part(world, staff, draft.id, "os", file("boot.bin", b"boot"))
    assert [(one.part, one.name, one.version) for one in known.parts] == [
        ("bApp", "player", "7.1"),
        ("os", "", "1.0.1"),
    ]
    assert known.file("app.bin").size == 3
    assert known.file("nothing") is None
    assert releases.add_part(world, staff, draft.id, "os", file("boot.bin", b"boot")) == known  # again changes nothing
    custom = updates.publishing.target_of(known).unrecognized_fields["custom"]
    assert [(one["filename"], one["length"]) for one in custom["parts"]] == [("app.bin", 3), ("boot.bin", 4)]
    assert all(len(one["sha256"]) == 64 for one in custom["parts"])
    with world.look() as connection:
        assert len(ledger.read(connection, names=["releases.part_added"])) == 2


def test_a_signed_release_takes_no_more(world, staff, maker, file):
    signed = maker.release("1.0.1")
    with pytest.raises(Refused, match="before it is signed"):
        releases.add_part(world, staff, signed.id, "os", file("late.bin"))
    assert "parts" not in updates.publishing.target_of(signed).unrecognized_fields["custom"]


@pytest.mark.parametrize(
    "wrong", [{"part": ""}, {"part": "a b"}, {"name": "x" * 81}, {"name": "a\x00"}, {"version": "v 1"}]
)
def test_what_is_no_part(world, staff, draft, file, wrong):
    given = {"part": "os", "name": "", "version": ""} | wrong
    with pytest.raises(Invalid):
        releases.add_part(world, staff, draft.id, given.pop("part"), file("a.bin"), **given)


def test_limits_and_names(world, staff, draft, file):
    with pytest.raises(NotFound):
        releases.add_part(world, staff, "nothing", "os", file("a.bin"))
    for number in range(releases.MOST_PARTS):
        releases.add_part(world, staff, draft.id, "os", file(f"{number}.bin", bytes([number])))
    with pytest.raises(Refused, match="at most"):
        releases.add_part(world, staff, draft.id, "os", file("more.bin"))


def test_two_files_of_one_name(world, staff, draft, file):
    releases.add_part(world, staff, draft.id, "os", file("a.bin", b"one"))
    with pytest.raises(Refused, match="another name"):
        releases.add_part(world, staff, draft.id, "os", file("a.bin", b"two"))
    with pytest.raises(Refused, match="another name"):
        releases.add_part(world, staff, draft.id, "bApp", file(draft.artifact.filename, b"three"))


def test_a_part_that_is_a_bundle_is_read_like_the_image(world, staff, draft, tmp_path):
    path = tools.swu(tmp_path, "7.1")
    known = releases.add_part(world, staff, draft.id, "bApp", path, name="player", version="7.1")
    [part] = known.parts
    assert (part.bundle.format, part.bundle.version, part.bundle.signed) == ("swu", "7.1", True)
    assert releases.by_id(world, draft.id).parts[0].bundle == part.bundle
    assert releases.add_part(world, staff, draft.id, "bApp", path, name="player", version="7.1") == known
    assert b'"format":"swu"' in releases.manifest(world, draft.id)
    hash(part)  # a release stays something that can be put into a set


@pytest.mark.parametrize(
    ("version", "hardware", "says"),
    [
        pytest.param("7.2", '"rev-a"', "version", id="another version than its module"),
        pytest.param("7.1", '"rev-z"', "hardware", id="hardware that the release does not name"),
    ],
)
def test_a_bundle_that_says_something_else_is_refused(world, staff, draft, tmp_path, version, hardware, says):
    path = tools.swu(tmp_path, version, hardware)
    with pytest.raises(Refused, match=says):
        releases.add_part(world, staff, draft.id, "bApp", path, name="player", version="7.1")
    assert releases.by_id(world, draft.id).parts == ()


def test_what_is_called_a_bundle_and_is_none_and_who_may_not_sign(world, staff, draft, file, tmp_path):
    with pytest.raises(Invalid):
        releases.add_part(world, staff, draft.id, "os", file("app.swu"))
    with pytest.raises(Invalid):
        releases.add_part(world, staff, draft.id, "os", file("app.raucb"))
    with pytest.raises(Invalid):
        releases.add_part(world, staff, draft.id, "os", file("app.mender"))
    other, _key = tools.signer(tmp_path, "other")
    policy = f"[bundles]\nsigners = [{other.read_text()!r}]\n".replace("'", '"').encode()
    releases.set_policy(world, staff, "cam-1", policy)
    path = tools.swu(tmp_path, "1.0.1")
    with pytest.raises(Refused, match="signer"):
        releases.add_part(world, staff, draft.id, "os", path)
