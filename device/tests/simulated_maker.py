"""A maker's servers in one thread: EST, DDI, TUF and downloads over real mutual TLS, all in memory."""

import base64
import hashlib
import io
import json
import re
import ssl
import tarfile
import threading
import time
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

DAY = timedelta(days=1)


def image(version: str, files: dict[str, bytes] | None = None) -> bytes:
    """A small root file system as tar.gz that says `version`."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in {"etc/os-release": f"VERSION_ID={version}\n".encode(), **(files or {})}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


class Authority:
    """A certificate authority of the maker."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self.issue("Test Authority", self.key.public_key(), ca=True)

    def issue(self, name, public_key, *, ca=False, address=None, life=30 * DAY, start=None) -> x509.Certificate:
        now = start or datetime.now(timezone.utc) - timedelta(minutes=1)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test Authority")]))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(now + life)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if address:
            names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


class Repository:
    """A TUF repository in memory, signed by one key for each role."""

    def __init__(self, expires: datetime | None = None) -> None:
        self.expires = expires or datetime.now(timezone.utc).replace(microsecond=0) + 30 * DAY
        self.signers = {role: CryptoSigner.generate_ecdsa() for role in ("root", "targets", "snapshot", "timestamp")}
        self.targets = Targets(expires=self.expires)
        self.snapshot = Snapshot(expires=self.expires)
        self.timestamp = Timestamp(expires=self.expires)
        root = Root(expires=self.expires, consistent_snapshot=True)
        for role, signer in self.signers.items():
            root.add_key(signer.public_key, role)
        self.files: dict[str, bytes] = {}
        self.root = self._sign("root", root)
        self.files["1.root.json"] = self.root
        self.publish()

    def add(self, path: str, content: bytes, **custom: object) -> None:
        target = TargetFile.from_data(path, content, ["sha256"])
        described = {
            "product": "cam-1",
            "hardware": ["rev-a"],
            "version": path.partition("/")[0],
            "security_version": 1,
        }
        target.unrecognized_fields["custom"] = {**described, **custom}
        self.targets.targets[path] = target
        self.targets.version += 1
        self.snapshot.meta["targets.json"] = MetaFile(self.targets.version)
        self.snapshot.version += 1
        self.timestamp.snapshot_meta = MetaFile(self.snapshot.version)
        self.timestamp.version += 1
        self.publish()

    def publish(self) -> None:
        self.files[f"{self.targets.version}.targets.json"] = self._sign("targets", self.targets)
        self.files[f"{self.snapshot.version}.snapshot.json"] = self._sign("snapshot", self.snapshot)
        self.files["timestamp.json"] = self._sign("timestamp", self.timestamp)

    def _sign(self, role, signed) -> bytes:
        metadata = Metadata(signed)
        metadata.sign(self.signers[role])
        return metadata.to_bytes(JSONSerializer(compact=True))


class Maker:
    """The servers. `told` collects feedback, `orders` what is offered, `blobs` what can be downloaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority()
        self.repository = Repository()
        self.tokens: dict[str, str] = {}
        self.orders: list[dict] = []
        self.cancels: list[str] = []
        self.blobs: dict[str, bytes] = {}
        self.told: list[tuple[str, str, str, str]] = []
        self.described: list[dict] = []
        self.requests: list[tuple[str, str, str | None]] = []
        self.seen_serials: list[int] = []
        self.refused_serials: set[int] = set()
        self.life = 30 * DAY
        self.cut_after: int | None = None
        self.broken: dict[str, int] = {}
        self.redirects: dict[str, str] = {}
        self.shown_to_store: list[bool] = []
        self.said = b""  # the director's word about whatever is ordered; none where it is empty
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.authority.issue("server", key.public_key(), address="127.0.0.1")
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / "server.pem").write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
        (folder / "ca.pem").write_bytes(self.authority.pem())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem")
        context.load_verify_locations(folder / "ca.pem")
        context.verify_mode = ssl.CERT_OPTIONAL
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.server.daemon_threads = True
        self.server.maker = self
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def release(self, version: str, content: bytes | None = None, **custom: object) -> bytes:
        """Sign an image and keep it for download."""
        content = content or image(version)
        path = f"{version}/cam-1-{version}.tar.gz"
        self.repository.add(path, content, **custom)
        self.blobs[path] = content
        return content

    def order(self, version: str, **change: object) -> str:
        """Offer a release. `change` bends the order: blob, path, size, sha256, product, update, keep (conditions)."""
        path = str(change.get("path", f"{version}/cam-1-{version}.tar.gz"))
        content = self.blobs[str(change.get("blob", path))]
        action = str(len(self.orders) + len(self.told) + 101)
        self.orders.append(
            {
                "id": action,
                "deployment": {
                    "download": "forced",
                    "update": change.get("update", "forced"),
                    "chunks": [
                        {
                            "part": "os",
                            "version": version,
                            "name": "cam-1 firmware",
                            "artifacts": [
                                {
                                    "filename": path.rpartition("/")[2],
                                    "size": change.get("size", len(content)),
                                    "hashes": {"sha256": change.get("sha256", hashlib.sha256(content).hexdigest())},
                                    "_links": {"download": {"href": f"{self.url}/blob/{change.get('blob', path)}"}},
                                }
                            ],
                            "metadata": [
                                {"key": "tuf-target-path", "value": path},
                                {"key": "product", "value": change.get("product", "cam-1")},
                                *({"key": key, "value": value} for key, value in dict(change.get("keep", {})).items()),
                            ],
                        }
                    ],
                },
            }
        )
        return action

    def finals(self) -> list[tuple[str, str, str]]:
        """(action, finished, detail) of each closing report."""
        return [
            (action, finished, detail) for action, execution, finished, detail in self.told if execution == "closed"
        ]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        self.request.settimeout(10)
        super().setup()

    def handle(self) -> None:
        try:
            self.request.do_handshake()
            super().handle()
        except (OSError, ssl.SSLError):
            self.close_connection = True

    def log_message(self, *_arguments) -> None:
        pass

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def _answer(self, verb: str) -> None:  # noqa: PLR0911 (a switchboard)
        maker: Maker = self.server.maker
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        maker.requests.append((verb, self.path, self.headers.get("range")))
        for part, status in maker.broken.items():
            if part in self.path:
                return self._send(status, b"out of order")
        if self.path.startswith("/est/"):
            return self._est(maker, body)
        if self.path.startswith("/tuf/"):
            name = self.path.rpartition("/")[2]
            found = maker.repository.files.get(name)
            return self._send(200 if found else 404, found or b"")
        der = self.request.getpeercert(binary_form=True)
        if self.path.startswith("/store/"):
            return self._store(maker, der)
        if der is None:
            return self._send(401, b"")
        certificate = x509.load_der_x509_certificate(der)
        maker.seen_serials.append(certificate.serial_number)
        if certificate.serial_number in maker.refused_serials:
            return self._send(403, b"")
        if self.path.startswith("/blob/"):
            return self._blob(maker)
        return self._ddi(maker, verb, json.loads(body or b"{}"))

    def _est(self, maker: Maker, body: bytes) -> None:
        if self.path.endswith("/simpleenroll"):
            token = base64.b64decode(self.headers["authorization"].split()[1]).decode().partition(":")[2]
            if maker.tokens.pop(token, None) is None:
                return self._send(401, b"unknown token")
        elif self.request.getpeercert(binary_form=True) is None:
            return self._send(401, b"")
        request = x509.load_der_x509_csr(base64.b64decode(body))
        assert request.is_signature_valid
        name = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        made = maker.authority.issue(name, request.public_key(), life=maker.life)
        cms = pkcs7.serialize_certificates([made], serialization.Encoding.DER)
        return self._send(200, base64.b64encode(cms))

    def _blob(self, maker: Maker) -> None:
        name = self.path[len("/blob/") :]
        if name in maker.redirects:
            return self._send(302, b"elsewhere", {"Location": maker.redirects[name]})
        content = maker.blobs.get(name)
        if content is None:
            return self._send(404, b"")
        ranged = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range") or "")
        start = int(ranged[1]) if ranged else 0
        headers = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if ranged else {}
        part = content[start:]
        if maker.cut_after is not None:
            cut, maker.cut_after = maker.cut_after, None
            self.send_response(206 if ranged else 200)
            self.send_header("Content-Length", str(len(part)))
            self.end_headers()
            self.wfile.write(part[:cut])
            self.close_connection = True
            return None
        return self._send(206 if ranged else 200, part, headers)

    def _store(self, maker: Maker, der: bytes | None) -> None:
        """A store of somebody else's: it wants no certificate, and calls a part 200 (as gofakes3 does)."""
        maker.shown_to_store.append(der is not None)
        content = maker.blobs[self.path[len("/store/") :]]
        ranged = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range") or "")
        start = int(ranged[1]) if ranged else 0
        headers = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if ranged else {}
        return self._send(200, content[start:], headers)

    def _ddi(self, maker: Maker, verb: str, body: dict) -> None:  # noqa: PLR0911 (a switchboard)
        base = "/default/controller/v1/cam-1-001"
        path = self.path.partition("?")[0]
        if path == base:
            return self._json(self._poll(maker, maker.url + base))
        if path == f"{base}/configData" and verb == "PUT":
            maker.described.append(body["data"])
            return self._send(200, b"")
        if re.fullmatch(rf"{base}/deploymentBase/\d+/assignment", path):
            return self._send(200 if maker.said else 404, maker.said)
        found = re.fullmatch(rf"{base}/(deploymentBase|cancelAction)/(\d+)(/feedback)?", path)
        if found is None:
            return self._send(404, b"")
        kind, action, feedback = found.groups()
        order = next((one for one in maker.orders if one["id"] == action), None)
        if not feedback:
            return self._json(order) if order else self._send(404, b"")
        status = body["status"]
        maker.told.append((action, status["execution"], status["result"]["finished"], status["details"][0]))
        if order is None and action not in maker.cancels:
            return self._send(410, b"")
        if status["execution"] == "closed":
            maker.orders = [one for one in maker.orders if one["id"] != action]
            maker.cancels = [one for one in maker.cancels if one != action]
        elif kind == "cancelAction":
            maker.cancels = [one for one in maker.cancels if one != action]
        return self._send(200, b"")

    def _poll(self, maker: Maker, base: str) -> dict:
        links = {}
        if maker.cancels:
            links["cancelAction"] = {"href": f"{base}/cancelAction/{maker.cancels[0]}"}
        elif maker.orders:
            links["deploymentBase"] = {"href": f"{base}/deploymentBase/{maker.orders[0]['id']}?c=-7"}
        return {"config": {"polling": {"sleep": "00:00:30"}}, "_links": links}

    def _json(self, content: dict) -> None:
        self._send(200, json.dumps(content).encode(), {"Content-Type": "application/hal+json"})

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def now() -> float:
    return time.time()
