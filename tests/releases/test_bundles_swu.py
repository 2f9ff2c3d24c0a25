"""SWUpdate's bundles that lie; good ones are in test_bundles.py."""

import bundle_makers as tools
import pytest

from careful.kernel.errors import Invalid
from careful.releases.bundles_swu import read


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ('software = { images: ( { filename = "gone.ext4"; } ); }', "not in the bundle"),
        ('software = { images: ( { filename = "rootfs.ext4"; sha256 = "00"; } ); }', "is not what sw-description says"),
        ('hardware = "x";', "has no `software`"),
        ("software = 1;", "has no `software`"),
        ("software = {", "expected"),
        ('{"software": ', "cannot be read"),
        ("[" * 100_000, "expected"),
    ],
)
def test_what_is_refused(tmp_path, description, words):
    with tools.swu(tmp_path, description=description).open("rb") as stream, pytest.raises(Invalid, match=words):
        read(stream, ())


def test_the_description_comes_first(tmp_path):
    tools.need("cpio", "cpio")
    (tmp_path / "other").write_bytes(b"x")
    made = tools.run(tmp_path, "cpio", "-o", "-H", "crc", "--quiet", given=b"other")
    (tmp_path / "a.swu").write_bytes(made)
    with (tmp_path / "a.swu").open("rb") as stream, pytest.raises(Invalid, match="begins with sw-description"):
        read(stream, ())
