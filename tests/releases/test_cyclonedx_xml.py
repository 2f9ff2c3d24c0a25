"""CycloneDX XML fills the same structs as JSON; entities, depth and damage are refused with path and line."""

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.errors import CarefulError, Invalid, Refused, TooLarge
from careful.releases import cyclonedx, cyclonedx_elements, cyclonedx_xml

WHOLE = """<?xml version="1.0" encoding="UTF-8"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.6" xmlns:x="http://example.org/x" serialNumber="urn:uuid:0" version="1">
  <metadata>
    <timestamp>2026-01-01T00:00:00Z</timestamp>
    <tools><components><component type="application"><name>builder</name></component></components></tools>
    <authors><author><name>Us</name></author></authors>
    <component type="firmware" bom-ref="image">
      <name>image</name><hashes><hash alg="SHA-256">00</hash></hashes>
    </component>
  </metadata>
  <components>
    <component type="library" bom-ref="curl">
      <supplier><name>haxx</name><contact><name>nobody</name></contact></supplier>
      <group>se.haxx</group><name> curl </name><version>8.3.0</version>
      <scope>required</scope>
      <hashes><hash alg="SHA-256">aa</hash><hash alg="SHA-1">bb</hash></hashes>
      <licenses><license><id>curl</id></license></licenses>
      <cpe>cpe:2.3:a:haxx:curl:8.3.0:*:*:*:*:*:*:*</cpe>
      <purl>pkg:generic/curl@8.3.0</purl>
      <pedigree>
        <patches>
          <patch type="backport">
            <diff><text encoding="base64">eA==</text><url>https://example.org/CVE-2023-38545.patch</url></diff>
            <resolves><issue type="security"><id>CVE-2023-38546</id><name>CVE-2023-38546</name></issue></resolves>
          </patch>
        </patches>
      </pedigree>
      <components><component type="file"><name>inside</name></component></components>
      <properties><property name="BR_TYPE">target</property></properties>
      <evidence><identity><field>cpe</field><concludedValue>cpe:/a:curl:curl:8.3.0</concludedValue></identity></evidence>
      <x:component><x:name>of another standard</x:name></x:component>
    </component>
    <component type="library" isExternal="true">
      <name>b</name><licenses><expression>MIT OR X</expression></licenses>
    </component>
  </components>
  <dependencies><dependency ref="image"><dependency ref="curl"/></dependency></dependencies>
  <vulnerabilities>
    <vulnerability>
      <id>CVE-2023-0001</id>
      <analysis>
        <state>not_affected</state><justification>code_not_reachable</justification>
        <responses><response>will_not_fix</response><response>update</response></responses><detail>why</detail>
      </analysis>
      <affects><target><ref>curl</ref></target></affects>
    </vulnerability>
  </vulnerabilities>
</bom>
"""

SAME = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "metadata": {
        "timestamp": "2026-01-01T00:00:00Z",
        "tools": [{"name": "builder"}],
        "authors": [{"name": "Us"}],
        "component": {
            "type": "firmware", "bom-ref": "image", "name": "image", "hashes": [{"alg": "SHA-256", "content": "00"}],
        },
    },
    "components": [
        {
            "type": "library", "bom-ref": "curl", "group": "se.haxx", "name": "curl", "version": "8.3.0",
            "supplier": {"name": "haxx"},
            "scope": "required",
            "hashes": [{"alg": "SHA-256", "content": "aa"}, {"alg": "SHA-1", "content": "bb"}],
            "licenses": [{"license": {"id": "curl"}}],
            "cpe": "cpe:2.3:a:haxx:curl:8.3.0:*:*:*:*:*:*:*",
            "purl": "pkg:generic/curl@8.3.0",
            "pedigree": {
                "patches": [
                    {
                        "type": "backport",
                        "diff": {
                            "text": {"encoding": "base64", "content": "eA=="},
                            "url": "https://example.org/CVE-2023-38545.patch",
                        },
                        "resolves": [{"type": "security", "id": "CVE-2023-38546", "name": "CVE-2023-38546"}],
                    }
                ]
            },
            "components": [{"type": "file", "name": "inside"}],
            "properties": [{"name": "BR_TYPE", "value": "target"}],
            "evidence": {"identity": [{"field": "cpe", "concludedValue": "cpe:/a:curl:curl:8.3.0"}]},
        },
        {"type": "library", "isExternal": True, "name": "b", "licenses": [{"expression": "MIT OR X"}]},
    ],
    "dependencies": [{"ref": "image", "dependsOn": ["curl"]}],
    "vulnerabilities": [
        {
            "id": "CVE-2023-0001",
            "analysis": {
                "state": "not_affected", "justification": "code_not_reachable",
                "response": ["will_not_fix", "update"], "detail": "why",
            },
            "affects": [{"ref": "curl"}],
        }
    ],
}  # fmt: skip


def bom(inside, version="1.6"):
    return f'<bom xmlns="http://cyclonedx.org/schema/bom/{version}">\n{inside}</bom>'.encode()


def test_xml_says_what_json_says():
    assert cyclonedx_xml.read(WHOLE.encode()) == msgspec.convert(SAME, cyclonedx.Bom)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_encodings(encoding):
    text = WHOLE.replace("UTF-8", encoding.removesuffix("-sig")).replace(" curl ", " größe ")
    read = cyclonedx_xml.read(text.encode(encoding))
    assert (read.components or [])[0].name == "größe"


@pytest.mark.parametrize("version", cyclonedx.VERSIONS)
def test_versions(version):
    assert cyclonedx_xml.read(bom("", version)).spec_version == version


def test_tools_of_older_versions():
    read = cyclonedx_xml.read(
        bom("<metadata><tools><tool><vendor>v</vendor><name>t</name></tool></tools></metadata>", "1.4")
    )
    assert read.metadata is not None
    assert read.metadata.tools == [cyclonedx_elements.Tool("t")]


@pytest.mark.parametrize(
    ("where", "path"),
    [
        pytest.param("$.components[0]", "/bom/components/component[1]", id="a component"),
        pytest.param(
            "$.components[2].components[0]", "/bom/components/component[3]/components/component[1]", id="one inside"
        ),
        pytest.param(
            "$.metadata.component.components[0]", "/bom/metadata/component/components/component[1]", id="of the subject"
        ),
    ],
)
def test_paths(where, path):
    assert cyclonedx_xml.path(where) == path


LAUGHS = """<?xml version="1.0"?>
<!DOCTYPE bom [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>
<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components><component><name>&c;</name></component></components></bom>"""


@pytest.mark.parametrize(
    ("content", "kind", "says"),
    [
        pytest.param(LAUGHS.encode(), Refused, "DOCTYPE", id="a billion laughs"),
        pytest.param(b'<!DOCTYPE bom SYSTEM "file:///etc/passwd"><bom/>', Refused, "DOCTYPE", id="another file"),
        pytest.param(b"", Invalid, "no element found", id="empty"),
        pytest.param(b"<bom", Invalid, "not XML", id="cut off"),
        pytest.param(WHOLE.encode()[:2000], Invalid, "not XML", id="cut off later"),
        pytest.param(b"<bom/>", Invalid, "of no namespace", id="no namespace"),
        pytest.param(b'<x xmlns="http://cyclonedx.org/schema/bom/1.6"/>', Invalid, "found `x`", id="another element"),
        pytest.param(bom("&amp;&unknown;"), Invalid, "undefined entity", id="an entity that is none"),
        pytest.param(bom("<a>" * 300 + "</a>" * 300), TooLarge, "200 deep", id="nested without end"),
        pytest.param(
            bom("<components><component><name>x</name>" * 300 + "</component></components>" * 300),
            TooLarge,
            "200 deep",
            id="components nested without end",
        ),
        pytest.param(b'<?xml version="1.0" encoding="x-none"?><bom/>', Invalid, "encoding", id="no such encoding"),
        pytest.param(
            b'<?xml version="1.0" encoding="utf-32"?><bom/>', Invalid, "encoding|not XML", id="four bytes a sign"
        ),
    ],
)
def test_what_is_refused(content, kind, says):
    with pytest.raises(kind, match=says) as refused:
        cyclonedx_xml.read(content)
    assert refused.value.where


@pytest.mark.parametrize(
    ("inside", "where", "line", "expected"),
    [
        pytest.param(
            "<components>\n<component><name>a</name></component>\n<component type='x'/></components>",
            "/bom/components/component[2]",
            4,
            "`name` inside it",
            id="a component without a name",
        ),
        pytest.param(
            "<components><component><name>a</name><hashes><hash>00</hash></hashes></component></components>",
            "/bom/components/component[1]/hashes/hash[1]",
            2,
            "`alg` inside it",
            id="a digest of no kind",
        ),
    ],
)
def test_the_wrong_place_is_named(inside, where, line, expected):
    with pytest.raises(Invalid) as refused:
        cyclonedx_xml.read(bom(inside))
    (problem,) = refused.value.problems
    assert (problem.where, problem.line, problem.expected) == (where, line, expected)


def test_the_number_of_elements_has_an_end(monkeypatch):
    monkeypatch.setattr(cyclonedx_xml, "MOST_ELEMENTS", 4)
    with pytest.raises(TooLarge, match="2 elements"):
        cyclonedx_xml.read(bom("<a/><a/><a/>"))


PIECES = WHOLE.replace("<", "\x00<").replace(">", ">\x00").split("\x00")


@given(st.lists(st.sampled_from(PIECES), max_size=30), st.integers(0, len(WHOLE)), st.text(max_size=5))
def test_any_damage_is_refused_in_our_words(pieces, at, noise):
    for text in (bom("".join(pieces)), (WHOLE[:at] + noise + WHOLE[at:]).encode("utf-8", "replace")):
        with contextlib.suppress(CarefulError):  # any other error fails the test
            cyclonedx_xml.read(text)
