"""What the code does not do anywhere: read from the code itself, so that it stays so."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import structlog
from hostile_house import PAYLOAD, House

from careful import vulnerabilities
from careful.kernel.errors import CarefulError

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "careful"
CALLS_OUT = {
    "kernel/outward.py": "the issuers of workload identities that the operator named",
    "people/identity_provider.py": "the one identity provider of the settings",
    "kernel/smtp.py": "the mail server of the settings",
    "vulnerabilities/fetching.py": "feeds that the operator named, through one client with limits",
    "vulnerabilities/sync.py": "the same",
    "entrypoints/cli/drill_access.py": "doors that the operator wants to see attacked",
    "entrypoints/cli/job_identity.py": "the identity of a CI job, from the address its runner gives",
    "entrypoints/cli/release_doors.py": "the API of one's own Careful, from a CI job",
    "demo/api.py": "the demo's own API",
    "demo/story.py": "the demo's own console",
}
"""Every module that opens a connection by HTTP or mail, and to whom (docs/hardening.md)."""
_CLIENTS = {"httpx", "urllib.request", "http.client", "aiohttp", "requests", "smtplib", "urllib3"}
_PAUSES = {f"entrypoints/gateway/https/{name}.py" for name in ("artifacts", "pace", "turns")}
"""Where chance only spreads devices over time, and need not be secret."""
_OWN_PATTERNS = {"notices/plain_language.py", "monitoring/captures/recording.py"}
"""Where a pattern is made of a list of our own words."""
_NEVER = {"eval", "exec", "compile", "__import__"}
_NEVER_IMPORTED = {"pickle", "marshal", "shelve", "dill", "lxml", "xml.dom", "xml.sax", "telnetlib", "ftplib", "jnius"}


@cache
def modules() -> dict[str, ast.Module]:
    return {str(path.relative_to(SOURCE)): ast.parse(path.read_text()) for path in sorted(SOURCE.rglob("*.py"))}


@cache
def imported(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found


@cache
def calls(tree: ast.Module) -> list[tuple[str, ast.Call]]:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [(ast.unparse(one.func), one) for one in found]


def test_no_shell_and_no_dynamic_code() -> None:
    faults = []
    for name, tree in modules().items():
        faults += [f"{name} imports {one}" for one in imported(tree) & _NEVER_IMPORTED]
        for called, call in calls(tree):
            shell = any(one.arg == "shell" for one in call.keywords)
            loader = [ast.unparse(one.value) for one in call.keywords if one.arg == "Loader"]
            unsafe = called == "yaml.load" and not any(
                re.fullmatch(r"yaml\.C?(Safe|Base)Loader", one) for one in loader
            )
            takes_pattern = called in {"re.compile", "re.match", "re.search", "re.fullmatch", "re.sub"}
            raw = takes_pattern and name not in _OWN_PATTERNS and _is_of_others(call.args[0])
            if called in _NEVER or called in {"os.system", "os.popen"} or shell or unsafe or raw:
                faults.append(f"{name}:{call.lineno} {ast.unparse(call)[:80]}")
            if called.endswith(".format") and "template" in called.lower() and "jinja" in called.lower():
                faults.append(f"{name}:{call.lineno} a format of somebody else")
    assert faults == []


def _is_of_others(text: ast.expr) -> bool:
    """Tell whether a pattern is built of more than our own constants and what was escaped."""
    values = text.values if isinstance(text, ast.JoinedStr) else []
    parts = [one.value for one in values if isinstance(one, ast.FormattedValue)]
    own = r"[A-Z_]+(\[[^\]]*\])?|[a-z_.]*[A-Z_]{3,}|re\.escape\(.*"
    return not all(re.fullmatch(own, ast.unparse(one)) for one in parts)


def test_only_named_parts_call_out() -> None:
    found = {name for name, tree in modules().items() if imported(tree) & _CLIENTS}
    assert found == set(CALLS_OUT)
    for name in found:
        text = (SOURCE / name).read_text()
        assert "verify=False" not in text, name
        assert "_create_unverified_context" not in text, name


def test_only_known_cryptography() -> None:
    faults = []
    for name, tree in modules().items():
        strange = [one for one in imported(tree) if re.match(r"(Crypto|Cryptodome|nacl|rsa|ecdsa|M2Crypto)\b", one)]
        faults += [f"{name} imports {one}" for one in strange]
        for called, call in calls(tree):
            weak = called in {"hashlib.md5", "hashlib.sha1"} and "usedforsecurity=False" not in ast.unparse(call)
            chance = called.startswith("random.") and "random" in imported(tree) and name not in _PAUSES
            old = re.search(r"\b(ECB|ARC4|TripleDES|Blowfish)\b", called) is not None
            if weak or chance or old:
                faults.append(f"{name}:{call.lineno} {ast.unparse(call)[:80]}")
    assert faults == []


def test_scripts_of_ours_keep_nothing() -> None:
    for path in (SOURCE / "entrypoints" / "look" / "static").glob("*.js"):
        text = path.read_text()
        for never in (
            r"localStorage|sessionStorage|indexedDB|document\.cookie", r"__proto__|Object\.assign",
            r"\.(innerHTML|outerHTML)\s*=[^=]|insertAdjacentHTML|document\.write|DOMParser", r"\beval\(|new Function",
            r"postMessage|addEventListener\(.message", r"https?://",
        ):  # fmt: skip
            assert not re.search(never, text), (path.name, never)


def test_every_dependency_is_pinned_by_hash() -> None:
    for name in ("server", "dev", "build"):
        lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
        pinned = [line for line in lines if re.match(r"[A-Za-z0-9]", line)]
        assert pinned, name
        assert all("==" in line for line in pinned), name
        assert sum("--hash=sha256:" in line for line in lines) >= len(pinned), name


def test_no_test_code_is_shipped() -> None:
    for name, tree in modules().items():
        assert not imported(tree) & {"pytest", "unittest", "unittest.mock", "hypothesis"}, name


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_text_never_becomes_a_query(bare: House) -> None:
    """Wherever somebody may type what to look for: nothing is found, nothing breaks, nothing is gone."""
    with bare.browser(bare.ann) as client:
        for typed in (
            "' OR '1'='1", "'; DROP TABLE people_accounts; --", "%' UNION SELECT 1--", "\\%_", "\x00", PAYLOAD,
        ):  # fmt: skip
            for path in (
                "/devices?find=",
                "/products?sort=",
                "/vulnerabilities?find=",
                "/evidence?find=",
                "/detections?state=",
            ):
                answer = client.get(path.split("?")[0], params={path.split("?")[1].rstrip("="): typed})
                assert answer.status_code < 500, (path, typed)
            fields = {"email": typed, "password": typed, "code": typed}
            assert client.post("/sign-in", data=fields, headers={"origin": bare.console}).status_code in {401, 403, 400}
            answer = client.get(
                "/api/v1/devices", params={"find": typed}, headers={"authorization": f"Bearer {typed!r}"}
            )
            assert answer.status_code in {401, 400}
    assert bare.ann.session.account


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_log_line_stays_one_line(bare: House, capsys: pytest.CaptureFixture[str]) -> None:
    structlog.reset_defaults()
    with bare.browser() as client:
        client.post("/a%0d%0a2026-01-01 [info] forged", headers={"origin": bare.console})
    said = capsys.readouterr().out
    assert not [line for line in said.splitlines() if line.startswith("2026-01-01 [info] forged")]
    with pytest.raises(CarefulError):
        vulnerabilities.case(bare.world, "a\nb")
