"""The same inputs give the same bytes."""

import json
from dataclasses import replace
from datetime import timedelta

from makers import Maker

from careful import releases
from careful.releases.manifest import write


def test_the_same_release_on_another_day_gives_the_same_bytes(world, staff, tmp_path):
    release = Maker(world, staff, tmp_path).release("1.0.0")
    content = releases.manifest(world, release.id)
    again = replace(
        release,
        id="other",
        added_at=release.added_at + timedelta(days=1),
        security_version=9,
        hardware=release.hardware[::-1],
    )
    assert write(again, None, "") == content
    assert write(replace(again, version="1.0.1"), None, "") != content
    plain = json.loads(content)
    assert json.dumps(plain, sort_keys=True, separators=(",", ":")).encode() + b"\n" == content
    assert plain["image"]["sha256"] == release.artifact.sha256
    assert plain["sbom"]["sha256"] == release.sbom_sha256


def test_further_parts_are_in_it_in_whatever_order_they_came(world, staff, tmp_path):
    release = Maker(world, staff, tmp_path).release("1.0.0", publish=False)
    for name in ("b.bin", "a.bin"):
        (tmp_path / name).write_bytes(name.encode())
        release = releases.add_part(world, staff, release.id, "bApp", tmp_path / name)
    content = releases.manifest(world, release.id)
    assert [one["file"] for one in json.loads(content)["parts"]] == ["a.bin", "b.bin"]
    assert write(replace(release, parts=release.parts[::-1]), None, "") == content


def test_provenance_is_part_of_it(world, staff, tmp_path):
    release = Maker(world, staff, tmp_path).release("1.0.0")
    assert b'"provenance":{"sha256":"abc"}' in write(release, None, "abc")
