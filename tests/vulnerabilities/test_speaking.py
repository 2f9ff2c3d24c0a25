"""Of what a name in a statement speaks: this component, not that version, or perhaps and why."""

import pytest

from careful.releases import Found
from careful.vulnerabilities.said.model import About, Thing
from careful.vulnerabilities.speaking import (
    is_subject,
    keys_of_component,
    keys_of_thing,
    speaks,
    speaks_of,
)

CPE = "cpe:2.3:a:haxx:curl:8.3.0:*:*:*:*:*:*:*"
CURL = Found(name="curl", version="8.3.0", purl="pkg:generic/curl@8.3.0", cpe=CPE, hashes={"SHA-256": "AB" * 32})
BARE = Found(name="curl", version="8.3.0", cpe="cpe:2.3:a:*:curl:8.3.0:*:*:*:*:*:*:*")
BETA = Found(name="openssl", version="1.0.2", cpe="cpe:2.3:a:openssl:openssl:1.0.2:beta1:*:*:*:*:*:*")
RPM = Found(
    name="openssl-libs",
    version="1:3.0.7-27.el9",
    purl="pkg:rpm/redhat/openssl-libs@3.0.7-27.el9?arch=x86_64&distro=rhel-9.4&epoch=1&upstream=openssl-3.0.7-27.el9.src.rpm",
)
OLD_SYFT = Found(name="bash", version="5.1.8-9.el9", purl="pkg:rpm/rhel/bash@5.1.8-9.el9?arch=x86_64&distro=rhel-9.4")
DEB = Found(
    name="libcurl4",
    version="7.81.0-1ubuntu1.15",
    purl="pkg:deb/ubuntu/libcurl4@7.81.0-1ubuntu1.15?arch=amd64&distro=ubuntu-22.04&upstream=curl",
)
NO_ARCH = Found(name="git", version="2.39.0-r1", purl="pkg:apk/wolfi/git@2.39.0-r1")
GO = Found(name="go-homedir", version="v1.2.0", purl="pkg:golang/github.com/mitchellh/go-homedir@v1.2.0")
JAR = Found(
    name="jackson-databind", version="2.10.0", purl="pkg:maven/com.fasterxml.jackson.core/jackson-databind@2.10.0"
)


@pytest.mark.parametrize(
    ("component", "name", "answer"),
    [
        pytest.param(CURL, "pkg:generic/curl@8.3.0", "yes", id="the same purl"),
        pytest.param(CURL, "pkg:generic/curl", "yes", id="without a version: every version"),
        pytest.param(CURL, "pkg:generic/curl@8.3.1", "no", id="another version"),
        pytest.param(CURL, "pkg:generic/curl@8.3", "yes", id="8.3 is 8.3.0, by the order of its versions"),
        pytest.param(CURL, "pkg:deb/debian/curl@8.3.0", "no", id="another kind of package"),
        pytest.param(CURL, "pkg:generic/haxx/curl@8.3.0", "no", id="another namespace"),
        pytest.param(CURL, "pkg:generic/curl@8.3.0?arch=arm", "check", id="an architecture that ours does not state"),
        pytest.param(CURL, "pkg:generic/curl@8.3.0?download_url=https://a.example", "yes", id="where it is from"),
        pytest.param(CURL, "pkg:generic/curl@8.3.0#lib", "no", id="a part of it"),
        pytest.param(CURL, "cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*", "yes", id="CPE of every version"),
        pytest.param(CURL, "cpe:/a:haxx:curl:8.3.0", "yes", id="CPE 2.2"),
        pytest.param(CURL, "cpe:/a:haxx:curl", "yes", id="CPE 2.2 of every version"),
        pytest.param(CURL, "cpe:2.3:a:haxx:curl:8.*:*:*:*:*:*:*:*", "yes", id="CPE with a wildcard"),
        pytest.param(CURL, "cpe:2.3:a:haxx:curl:7.*:*:*:*:*:*:*:*", "no", id="CPE with another wildcard"),
        pytest.param(CURL, "cpe:2.3:a:haxx:curl:8.?.0:*:*:*:*:*:*:*", "yes", id="CPE with a question mark"),
        pytest.param(CURL, "cpe:2.3:a:haxx:curl:-:*:*:*:*:*:*:*", "no", id="CPE of what has no version"),
        pytest.param(CURL, "cpe:2.3:a:other:curl:8.3.0:*:*:*:*:*:*:*", "no", id="CPE of another vendor"),
        pytest.param(CURL, "cpe:2.3:a:haxx:curl:8.3.0:*:*:*:*:android:*:*", "check", id="CPE for a target"),
        pytest.param(CURL, "curl", "no", id="no name"),
        pytest.param(BARE, "cpe:2.3:a:haxx:curl:8.3.0:*:*:*:*:*:*:*", "yes", id="a vendor that ours leaves open"),
        pytest.param(BARE, "pkg:generic/curl@8.3.0", "yes", id="a generic purl, and ours has none"),
        pytest.param(BARE, "pkg:pypi/curl@8.3.0", "no", id="a registry's purl, and ours has none"),
        pytest.param(BETA, "cpe:2.3:a:openssl:openssl:1.0.2:*:*:*:*:*:*:*", "yes", id="every update of the version"),
        pytest.param(BETA, "cpe:2.3:a:openssl:openssl:1.0.2:beta2:*:*:*:*:*:*", "no", id="another update"),
        pytest.param(BETA, "cpe:2.3:a:openssl:openssl:1.0.2a:*:*:*:*:*:*:*", "no", id="another letter"),
        pytest.param(
            RPM, "pkg:rpm/redhat/openssl-libs@3.0.7-27.el9?arch=x86_64&epoch=1", "yes", id="Red Hat: arch and epoch"
        ),
        pytest.param(RPM, "pkg:rpm/redhat/openssl-libs@3.0.7-27.el9?arch=x86_64", "yes", id="Red Hat: no epoch"),
        pytest.param(RPM, "pkg:rpm/redhat/openssl-libs@3.0.7-27.el9?epoch=2", "no", id="Red Hat: another epoch"),
        pytest.param(
            RPM, "pkg:rpm/redhat/openssl-libs@3.0.7-27.el9?arch=aarch64&epoch=1", "no", id="Red Hat: another arch"
        ),
        pytest.param(RPM, "pkg:rpm/redhat/openssl?arch=src", "yes", id="Red Hat: the source package"),
        pytest.param(RPM, "pkg:rpm/redhat/openssl@3.0.7-27.el9?arch=src", "yes", id="Red Hat: the source's version"),
        pytest.param(RPM, "pkg:rpm/redhat/openssl@3.0.7-28.el9?arch=src", "no", id="Red Hat: another source"),
        pytest.param(RPM, "pkg:rpm/redhat/openssl", "no", id="Red Hat: another binary package"),
        pytest.param(OLD_SYFT, "pkg:rpm/redhat/bash?arch=x86_64", "yes", id="rhel is redhat"),
        pytest.param(OLD_SYFT, "pkg:rpm/suse/bash?arch=x86_64", "no", id="suse is not"),
        pytest.param(
            DEB, "pkg:deb/ubuntu/libcurl4@7.81.0-1ubuntu1.15?arch=amd64&distro=jammy", "yes", id="Ubuntu: a codename"
        ),
        pytest.param(
            DEB, "pkg:deb/ubuntu/libcurl4@7.81.0-1ubuntu1.15?arch=amd64&distro=noble", "no", id="Ubuntu: another one"
        ),
        pytest.param(
            DEB, "pkg:deb/ubuntu/curl@7.81.0-1ubuntu1.15?arch=source&distro=jammy", "yes", id="Ubuntu: source"
        ),
        pytest.param(NO_ARCH, "pkg:apk/wolfi/git@2.39.0-r1?arch=x86_64", "check", id="Wolfi: ours has no arch"),
        pytest.param(NO_ARCH, "pkg:apk/wolfi/git@2.39.0-r2?arch=x86_64", "no", id="Wolfi: nor that version"),
        pytest.param(GO, "pkg:golang/github.com/mitchellh/go-homedir@1.2.0", "yes", id="Go: with and without v"),
        pytest.param(
            JAR, "pkg:maven/com.fasterxml.jackson.core/jackson-databind@2.10.0?type=jar", "yes", id="Maven: the default"
        ),
        pytest.param(
            JAR, "pkg:maven/com.fasterxml.jackson.core/jackson-databind@2.10.0?type=war", "no", id="Maven: another"
        ),
    ],
)
def test_what_a_name_means(component, name, answer):
    hit, why = speaks(Thing((name,)), component)
    assert (hit, bool(why)) == (answer, answer == "check")


@pytest.mark.parametrize(
    ("thing", "answer"),
    [
        pytest.param(Thing(("pkg:generic/curl@8.2.0", "cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*")), "no", id="one version"),
        pytest.param(Thing(("pkg:generic/curl@8.3.0", "cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*")), "yes", id="ours"),
        pytest.param(Thing(("pkg:generic/curl",), ("vers:generic/>=8.0|<8.4.0",)), "yes", id="within"),
        pytest.param(Thing(("pkg:generic/curl",), ("vers:generic/>=8.4.0",)), "no", id="outside"),
        pytest.param(Thing(("pkg:generic/curl",), ("vers:all/<V8.4",)), "yes", id="a type without order"),
        pytest.param(Thing(("pkg:generic/curl",), ("vers:generic/*",)), "yes", id="all versions"),
        pytest.param(Thing(("pkg:generic/curl",), ("< 8.4.0",)), "yes", id="in words"),
        pytest.param(Thing(("pkg:generic/curl",), ("some of them",)), "no", id="words nobody can read"),
        pytest.param(Thing(("pkg:generic/curl",), ("8.2.0", "8.3.0")), "yes", id="listed"),
        pytest.param(Thing(("pkg:generic/curl@8.3.0",), ("8.2.0",)), "no", id="a version, narrowed to another"),
        pytest.param(Thing(hashes=(("sha256", "ab" * 32),)), "yes", id="the very bytes"),
        pytest.param(Thing(hashes=(("sha256", "cd" * 32),)), "no", id="other bytes"),
        pytest.param(Thing(hashes=(("sha1", "ab" * 32),)), "no", id="another algorithm"),
    ],
)
def test_which_versions_of_a_thing(thing, answer):
    assert speaks(thing, CURL)[0] == answer


def test_what_states_no_version_is_only_met_by_what_speaks_of_all():
    unknown = Found(name="curl", purl="pkg:generic/curl")
    assert speaks(Thing(("pkg:generic/curl",)), unknown)[0] == "yes"
    assert speaks(Thing(("pkg:generic/curl@8.3.0",)), unknown)[0] == "no"


@pytest.mark.parametrize(
    ("thing", "subject", "yes"),
    [
        pytest.param(Thing(("pkg:generic/cam-1@1.0.0",)), Found(name="cam-1", version="1.0.0"), True, id="purl"),
        pytest.param(Thing(("pkg:generic/cam-1@1.0.0",)), Found(name="cam-1", version="1.0.1"), False, id="version"),
        pytest.param(Thing(("pkg:generic/cam-1@1.0.0",)), Found(name="cam-1"), True, id="no version is known"),
        pytest.param(Thing(("pkg:generic/cam-2",)), Found(name="cam-1"), False, id="another"),
        pytest.param(Thing(("cpe:2.3:o:hearth:cam_1:1.0.0:*:*:*:*:*:*:*",)), Found("cam-1", "1.0.0"), True, id="CPE"),
        pytest.param(Thing(title="docker.io/library/nginx@sha256:12"), Found("nginx", "sha256:12"), True, id="digest"),
        pytest.param(Thing(title="docker.io/library/nginx@sha256:12"), Found("nginx", "sha256:34"), False, id="other"),
        pytest.param(Thing(title="nginx:1.14"), Found("nginx", "1.14"), True, id="a tag"),
        pytest.param(
            Thing(("pkg:oci/debian@sha256%3A12?repository_url=index.docker.io/library/debian",)),
            Found("index.docker.io/library/debian", "sha256:12"),
            True,
            id="an image by purl",
        ),
        pytest.param(Thing(("cpe:2.3:*:acme:abc:*:*:*:*:*:*:*:*",), ("<4.3",)), Found("ABC", "4.2"), True, id="range"),
        pytest.param(Thing(("cpe:2.3:*:acme:abc:*:*:*:*:*:*:*:*",), ("<4.3",)), Found("ABC", "4.3"), False, id="past"),
        pytest.param(Thing(hashes=(("sha256", "ab"),)), Found("x", hashes={"SHA-256": "AB"}), True, id="its bytes"),
    ],
)
def test_whether_a_product_is_ours(thing, subject, yes):
    assert is_subject(thing, subject)[0] == ("yes" if yes else "no")


RHEL8 = Thing(("cpe:/o:redhat:enterprise_linux:8",), title="Red Hat Enterprise Linux 8")
RHEL9 = Thing(("cpe:/o:redhat:enterprise_linux:9::baseos",), title="Red Hat Enterprise Linux 9")


@pytest.mark.parametrize(
    ("about", "subject", "answer"),
    [
        pytest.param(About(RHEL9, Thing(("pkg:rpm/redhat/openssl?arch=src",))), None, "yes", id="in our release"),
        pytest.param(About(RHEL8, Thing(("pkg:rpm/redhat/openssl?arch=src",))), None, "no", id="in another release"),
        pytest.param(
            About(RHEL8, Thing(("pkg:rpm/redhat/openssl-libs@3.0.7-27.el9?arch=x86_64&epoch=1",))),
            None,
            "yes",
            id="an exact package is the same everywhere",
        ),
        pytest.param(
            About(Thing(("pkg:generic/cam-1@1.0.0",)), Thing(("pkg:rpm/redhat/openssl?arch=src",))),
            Found("cam-1", "1.0.0"),
            "yes",
            id="in our product",
        ),
        pytest.param(
            About(Thing(("pkg:generic/cam-1@1.0.0",)), Thing(("pkg:rpm/redhat/openssl?arch=src",))),
            Found("cam-1", "1.0.1"),
            "no",
            id="in another version of our product",
        ),
    ],
)
def test_a_part_of_a_product(about, subject, answer):
    assert speaks_of(about, RPM, subject)[0] == answer


def test_a_part_of_a_release_that_nobody_names_is_not_sure():
    unknown = Found(name="openssl", version="3.0.7", purl="pkg:rpm/redhat/openssl@3.0.7-27.el9?arch=x86_64")
    hit, why = speaks_of(About(RHEL9, Thing(("pkg:rpm/redhat/openssl?arch=src",))), unknown, None)
    assert (hit, why) == ("check", "it speaks of release 9 of the distribution, and the SBOM does not say which it is")


@pytest.mark.parametrize("component", [CURL, BARE, RPM, DEB, GO])
def test_what_speaks_of_a_component_shares_a_key_with_it(component):
    names = [component.purl, component.cpe, "pkg:generic/curl", "pkg:rpm/redhat/openssl?arch=src"]
    for name in filter(None, names):
        if speaks(Thing((name,)), component)[0] != "no":
            assert set(keys_of_thing(Thing((name,)))) & set(keys_of_component(component))
