"""Versions of Linux distributions: named cases of each."""

import pytest

from careful.vulnerabilities import versions


@pytest.mark.parametrize(
    ("scheme", "chain"),
    [
        pytest.param(
            "dpkg", "1.0~~ < 1.0~rc1 < 1.0 < 1.0-1 < 1.0-1+deb12u1 < 1.0a < 1.0+b1 < 1.1 < 1:0.1", id="Debian"
        ),
        pytest.param("dpkg", "7.88.1-10 < 7.88.1-10+deb12u4 < 7.88.1-10+deb12u12", id="Debian revisions"),
        pytest.param("dpkg", "0~10 < 0 < 0+1 < 0.1", id="Debian's zero, and a tilde"),
        pytest.param("alpm", "1a0-1 < 1a_1-1 < 1.1-1 < 1._1-1", id="Arch Linux's separators"),
        pytest.param("dpkg", "0.5 < 1 < 1.05 < 1.10", id="Debian zeros"),
        pytest.param("rpm", "1.0~rc1 < 1.0 < 1.0^git1 < 1.0a < 1.0.1 < 1:0", id="RPM"),
        pytest.param("rpm", "5.14.0-70.el9 < 5.14.0-162.el9", id="RPM releases"),
        pytest.param(
            "alpm", "1.0a < 1.0alpha < 1.0b < 1.0beta < 1.0rc < 1.0 < 1.0-2 < 1.0.a < 1.0.1 < 1:0.1", id="Arch Linux"
        ),
        pytest.param("apk", "1.2_alpha1 < 1.2_rc1 < 1.2 < 1.2_p1 < 1.2a < 1.2.1 < 1.2.1-r1 < 1.10", id="Alpine"),
        pytest.param("apk", "1.2.01 < 1.2.1 < 1.2.2", id="Alpine's zero in front is a decimal"),
        pytest.param(
            "gentoo",
            "1.0_alpha1 < 1.0_pre < 1.0_rc3 < 1.0 < 1.0-r1 < 1.0_p2 < 1.0b < 1.0.0 < 1.001 < 1.01 < 1.1",
            id="Gentoo",
        ),
    ],
)
def test_order(scheme, chain, ascends):
    ascends(scheme, chain)


@pytest.mark.parametrize(
    ("scheme", "one", "other"),
    [
        pytest.param("dpkg", "1.0", "1.0-0", id="no revision is revision 0"),
        pytest.param("dpkg", "0:1.0", "1.0", id="no epoch is epoch 0"),
        pytest.param("rpm", "1.0", "1..0", id="separators do not count"),
        pytest.param("alpm", "1.0", "0:1.0-1", id="no package release is the first"),
        pytest.param("apk", "1.2.3~abcdef1-r2", "1.2.3-r2", id="a commit does not count"),
        pytest.param("gentoo", "1.0", "1.0-r0", id="no revision is revision 0 in Gentoo"),
    ],
)
def test_the_same_version(scheme, one, other):
    assert versions.key(scheme, one) == versions.key(scheme, other)


@pytest.mark.parametrize(
    ("scheme", "text"),
    [
        pytest.param("dpkg", "1.0 beta", id="a space"),
        pytest.param("dpkg", "1.0-", id="an empty revision"),
        pytest.param("dpkg", "a:1.0", id="an epoch that is no number"),
        pytest.param("rpm", "1.0/2", id="a slash"),
        pytest.param("apk", "1.0_beta_x", id="no such suffix"),
        pytest.param("gentoo", "1.0_svn1", id="no such suffix in Gentoo"),
        pytest.param("alpm", "1.0 1", id="a space for Arch"),
    ],
)
def test_what_has_no_order(scheme, text):
    with pytest.raises(ValueError, match=r"."):
        versions.key(scheme, text)
