"""Names in OSV records: ecosystems and package URLs, Bitnami's CPE names, the projects of OSS-Fuzz, repositories."""

import pytest

from careful.releases import parse_cpe
from careful.vulnerabilities.feeds.osv import parse
from careful.vulnerabilities.feeds.osv_names import products_of, type_of
from careful.vulnerabilities.ranges import Range

DAY = "2026-10-01T00:00:00Z"


@pytest.mark.parametrize(
    ("package", "key", "scheme", "distro"),
    [
        pytest.param(
            {"ecosystem": "PyPI", "name": "Django_Thing"}, "pypi/django-thing", "pep440", "", id="normal name"
        ),
        pytest.param({"ecosystem": "npm", "name": "@angular/core"}, "npm/@angular/core", "semver", "", id="npm scope"),
        pytest.param({"ecosystem": "Maven", "name": "org.a:b"}, "maven/org.a/b", "maven", "", id="Maven"),
        pytest.param({"ecosystem": "Debian:12", "name": "curl"}, "deb/debian/curl", "dpkg", "debian:12", id="Debian"),
        pytest.param(
            {"ecosystem": "Alpine:v3.18", "name": "curl"}, "apk/alpine/curl", "apk", "alpine:3.18", id="Alpine"
        ),
        pytest.param(
            {"ecosystem": "Ubuntu:22.04:LTS", "name": "curl"}, "deb/ubuntu/curl", "dpkg", "ubuntu:22.04", id="LTS"
        ),
        pytest.param(
            {"ecosystem": "Bitnami", "name": "x", "purl": "pkg:bitnami/minio"},
            "bitnami/minio",
            "bitnami",
            "",
            id="by purl",
        ),
        pytest.param(
            {"ecosystem": "PyPI", "purl": "pkg:pypi/Django_Thing"}, "pypi/django-thing", "pep440", "", id="purl of PyPI"
        ),
        pytest.param(
            {"ecosystem": "npm", "purl": "pkg:npm/%40angular/core"}, "npm/@angular/core", "semver", "", id="npm purl"
        ),
        pytest.param(
            {"ecosystem": "Debian:12", "purl": "pkg:deb/debian/curl?arch=source"},
            "deb/debian/curl",
            "dpkg",
            "debian:12",
            id="purl with an architecture",
        ),
        pytest.param(
            {"ecosystem": "Ubuntu:Pro:18.04:LTS", "name": "curl"}, "deb/ubuntu/curl", "dpkg", "ubuntu:18.04", id="Pro"
        ),
        pytest.param(
            {"ecosystem": "Red Hat:enterprise_linux:9::baseos", "name": "curl"},
            "rpm/redhat/curl",
            "rpm",
            "redhat:9",
            id="Red Hat",
        ),
        pytest.param(
            {"ecosystem": "SUSE:Linux Enterprise Server 15 SP5", "name": "curl"},
            "rpm/suse/curl",
            "rpm",
            "suse:15.5",
            id="SUSE and its service pack",
        ),
        pytest.param(
            {"ecosystem": "openSUSE:Leap 15.6", "name": "curl"}, "rpm/opensuse/curl", "rpm", "opensuse:15.6", id="Leap"
        ),
        pytest.param(
            {"ecosystem": "Rocky Linux:9", "name": "curl", "purl": "pkg:rpm/rocky-linux/curl?distro=rocky-linux-9"},
            "rpm/rocky/curl",
            "rpm",
            "rocky:9",
            id="Rocky by the name that SBOMs give it",
        ),
        pytest.param({"ecosystem": "GitHub Actions", "name": "a/b"}, "githubactions/a/b", "generic", "", id="Actions"),
    ],
)
def test_packages(package, key, scheme, distro):
    (one,) = parse({"modified": DAY, "id": "A", "affected": [{"package": package}]}).affected
    assert (one.key, one.scheme, one.distro) == (key, scheme, distro)


def test_the_kernel_has_an_ecosystem_of_its_own():
    (one,) = parse(
        {"modified": DAY, "id": "A", "affected": [{"package": {"ecosystem": "Linux", "name": "Kernel"}}]}
    ).affected
    assert (one.cpe, one.scheme) == ("cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*", "kernel")


def of_bitnami(package, *cpes):
    raw = {
        "id": "BIT-1",
        "modified": DAY,
        "affected": [
            {
                "package": {"ecosystem": "Bitnami", "name": package, "purl": f"pkg:bitnami/{package}"},
                "ranges": [{"type": "SEMVER", "events": [{"introduced": "7.0.0"}, {"fixed": "7.2.6"}]}],
            }
        ],
        "database_specific": {"cpes": list(cpes)},
    }
    first, *others = parse(raw).affected
    assert first.key == f"bitnami/{package}"
    assert {one.ranges for one in (first, *others)} == {(Range("7.0.0", fixed="7.2.6"),)}
    return [one.cpe.removeprefix("cpe:2.3:a:") for one in others]


OPEN = "*:*:*:*:*:*:*:*"


@pytest.mark.parametrize(
    ("package", "cpes", "found"),
    [
        pytest.param("redis", [f"redis:redis:{OPEN}"], [f"redis:redis:{OPEN}"], id="by its own name"),
        pytest.param("node-min", [f"nodejs:node.js:{OPEN}"], [f"nodejs:node.js:{OPEN}"], id="a smaller build of it"),
        pytest.param(
            "fluent-bit", [f"treasuredata:fluent_bit:{OPEN}"], [f"treasuredata:fluent_bit:{OPEN}"], id="signs"
        ),
        pytest.param("golang", [f"golang:go:{OPEN}"], [f"golang:go:{OPEN}"], id="by another name"),
        pytest.param("keydb", [f"redis:redis:{OPEN}"], [], id="of which it is a fork: its versions are others"),
        pytest.param("wordpress", [f"amen_project:amen:{OPEN}"], [], id="a plugin of it"),
        pytest.param("redis", [f"*:redis:{OPEN}"], [], id="no vendor"),
        pytest.param(
            "vault",
            ["hashicorp:vault:1:*:*:*:-:*:*:*", "hashicorp:vault:1:*:*:*:enterprise:*:*:*"],
            [f"hashicorp:vault:{OPEN}"],
            id="an edition among others",
        ),
        pytest.param(
            "gitlab",
            ["gitlab:gitlab:*:*:*:*:enterprise:*:*:*"],
            ["gitlab:gitlab:*:*:*:*:enterprise:*:*:*"],
            id="an edition alone",
        ),
        pytest.param("pillow", ["python:pillow:*:*:*:*:*:python:*:*"], [f"python:pillow:{OPEN}"], id="what it is for"),
        pytest.param("redis", ["nonsense", "redis:redis"], [], id="no CPE names"),
    ],
)
def test_products_that_bitnami_names_by_cpe(package, cpes, found):
    assert of_bitnami(package, *(f"cpe:2.3:a:{one}" for one in cpes)) == found


def test_the_projects_of_oss_fuzz_have_cpe_names_that_can_be_read():
    for project, listed in products_of().items():
        assert project == project.lower()
        for vendor, product in listed:
            assert vendor
            assert product
            assert parse_cpe(f"cpe:2.3:a:{vendor}:{product}:*:*:*:*:*:*:*:*"), project


def test_which_full_exports_are_known():
    assert [type_of(one) for one in ("PyPI", "Debian", "OSS-Fuzz", "Debian:12", "Haiku")] == [
        "pypi",
        "deb/debian",
        "",
        "",
        "",
    ]


def test_a_project_s_own_list_names_its_repository_and_no_package():
    """As curl publishes it: the ids bear the project's name, versions are listed, the repository is the only name."""
    raw = {
        "id": "CURL-CVE-2024-7264",
        "aliases": ["CVE-2024-7264"],
        "modified": "2024-08-07T10:10:34Z",
        "affected": [
            {
                "ranges": [
                    {"type": "SEMVER", "events": [{"introduced": "7.32.0"}, {"fixed": "8.9.1"}]},
                    {"type": "GIT", "repo": "https://github.com/curl/curl.git", "events": [{"introduced": "3a24cb7b"}]},
                ],
                "versions": ["8.9.0", "8.8.0"],
            }
        ],
    }
    rows = parse(raw).affected
    assert {(row.key, row.source, row.versions) for row in rows} == {
        ("curl", "vendor", ("8.9.0", "8.8.0")),
        ("libcurl", "vendor", ("8.9.0", "8.8.0")),
    }
    assert {row.ranges for row in rows} == {(Range(introduced="7.32.0", fixed="8.9.1"),)}
    assert "cpe:2.3:*:haxx:curl:*:*:*:*:*:*:*:*" in {row.cpe for row in rows}
    other = parse({**raw, "id": "CVE-2024-7264"}).affected
    assert {row.source for row in other} == {"feed"}
