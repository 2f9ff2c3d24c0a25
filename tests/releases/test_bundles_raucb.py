"""RAUC's bundles with an end that lies; good ones are in test_bundles.py."""

import io

import pytest

from careful.kernel.errors import Invalid
from careful.releases.bundles_raucb import has_signature, read


@pytest.mark.parametrize(
    "end",
    [
        pytest.param((0).to_bytes(8, "big"), id="no signature"),
        pytest.param((1 << 62).to_bytes(8, "big"), id="longer than the file"),
        pytest.param((5000).to_bytes(8, "big"), id="not a CMS"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_an_end_that_lies(end):
    stream = io.BytesIO(b"hsqs" + b"\1" * 9000 + end)
    assert not has_signature(stream)
    with pytest.raises(Invalid):
        read(stream, ())
