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


def test_provenance_is_part_of_it(world, staff, tmp_path):
    release = Maker(world, staff, tmp_path).release("1.0.0")
    assert b'"provenance":{"sha256":"abc"}' in write(release, None, "abc")
