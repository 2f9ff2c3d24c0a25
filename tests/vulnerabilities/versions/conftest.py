"""What the tests of every scheme share."""

import itertools

import pytest

from careful.vulnerabilities import versions


@pytest.fixture
def ascends():
    """Each version of `1 < 2 < 3` is before every later one, as a key and as bytes."""

    def check(scheme, chain):
        texts = chain.split(" < ")
        for one, other in itertools.combinations(texts, 2):
            assert versions.key(scheme, one) < versions.key(scheme, other), (one, other)
            assert versions.blob(scheme, one) < versions.blob(scheme, other), (one, other)

    return check
