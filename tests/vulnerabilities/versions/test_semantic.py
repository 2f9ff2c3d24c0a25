"""Semantic versions and their relatives: named cases of each."""

import pytest

from careful.vulnerabilities import versions


@pytest.mark.parametrize(
    ("scheme", "chain"),
    [
        pytest.param(
            "semver",
            "1.0.0-alpha < 1.0.0-alpha.1 < 1.0.0-alpha.beta < 1.0.0-beta < 1.0.0-beta.2 < 1.0.0-beta.11 < 1.0.0",
            id="SemVer section 11",
        ),
        pytest.param("semver", "0.9.9 < 1.0.0 < 1.0.0.1 < 1.10.0 < 2.0.0", id="SemVer numbers"),
        pytest.param(
            "golang",
            "v0.0.0-20180101000000-abcdef123456 < v0.0.0-20191109021931-daa7c04131f5 < v0.0.1",
            id="Go's pseudo-versions without a tag",
        ),
        pytest.param(
            "golang",
            "v1.2.3 < v1.2.4-0.20191109021931-daa7c04131f5 < v1.2.4-p < v1.2.4-p.0.20191109021931-daa7c04131f < v1.2.4",
            id="Go's pseudo-versions after a tag",
        ),
        pytest.param("golang", "go1.20 < go1.21beta1 < go1.21rc2 < go1.21 < go1.21.1", id="Go itself"),
        pytest.param(
            "pub", "1.0.0-a < 1.0.0 < 1.0.0+1 < 1.0.0+2 < 1.0.0+10 < 1.0.0+a < 1.0.1", id="Dart's builds count"
        ),
        pytest.param("nuget", "1.0.0-BETA < 1.0.0-beta2 < 1.0.0 < 1.0.0.1 < 1.0.1", id="NuGet"),
        pytest.param("bitnami", "1.2.3-rc.1 < 1.2.3 < 1.2.3-1 < 1.2.3-12 < 1.2.4", id="Bitnami's revisions come after"),
        pytest.param(
            "composer",
            "1.0-dev < 1.0-alpha1 < 1.0-beta2 < 1.0-RC1-dev < 1.0-RC1 < 1.0 < 1.0-patch1 < 1.1",
            id="Composer's stabilities",
        ),
    ],
)
def test_order(scheme, chain, ascends):
    ascends(scheme, chain)


@pytest.mark.parametrize(
    ("scheme", "one", "other"),
    [
        pytest.param("semver", "1.0.0+b", "1.0.0", id="build metadata does not count"),
        pytest.param("semver", "v1.0", "1.0.0", id="v, and missing parts"),
        pytest.param("golang", "v2.0.0+incompatible", "2.0.0", id="+incompatible"),
        pytest.param("golang", "go1.20rc4", "1.20.0-rc.4", id="Go's own pre-releases"),
        pytest.param("nuget", "1.0.0-BETA+AA", "1.0-beta", id="NuGet ignores case and build"),
        pytest.param("composer", "v1.0.0.0", "1.0", id="Composer's four numbers"),
        pytest.param("composer", "1.0.0-b2", "1.0beta2", id="Composer's short words"),
        pytest.param("bitnami", "1.2.3-0", "1.2.3", id="Bitnami's revision 0"),
    ],
)
def test_the_same_version(scheme, one, other):
    assert versions.key(scheme, one) == versions.key(scheme, other)


@pytest.mark.parametrize(
    ("scheme", "text"),
    [
        pytest.param("semver", "latest", id="a word"),
        pytest.param("semver", "1.0.0-", id="an empty pre-release"),
        pytest.param("golang", "(devel)", id="Go's own word for no version"),
        pytest.param("composer", "dev-main", id="a branch"),
        pytest.param("composer", "1.x-dev", id="a branch of numbers"),
        pytest.param("bitnami", "x", id="bitnami a word"),
    ],
)
def test_what_has_no_order(scheme, text):
    with pytest.raises(ValueError, match=r"."):
        versions.key(scheme, text)
