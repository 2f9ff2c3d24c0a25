"""The bucket's address; what it does is tested on a real server in tests/entrypoints/gateway/https."""

import pytest

from careful.kernel.errors import Invalid
from careful.kernel.settings import Settings
from careful.releases import Bucket


@pytest.mark.parametrize("address", ["fleet", "https://fleet", "s3://", "s3:fleet"])
def test_what_is_no_bucket(address):
    with pytest.raises(Invalid, match="s3://bucket"):
        Bucket(Settings(artifact_bucket=address))


def test_the_secret_is_not_shown():
    settings = Settings(s3_secret="hush")
    assert "hush" not in repr(settings)
