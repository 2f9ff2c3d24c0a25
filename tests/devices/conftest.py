"""Requests and devices for the tests of this domain: keys made here, never on disk."""

from dataclasses import dataclass

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from careful import devices, products
from careful.devices.model import NewToken
from careful.kernel.actors import Actor
from careful.kernel.work import World

AnyKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def csr(name: str, key: AnyKey | None = None, *, serial: str | None = None) -> bytes:
    """Return a PKCS#10 request (DER) for `name`, signed by `key` or a new one."""
    key = key or new_key()
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if serial is not None:
        attributes.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial))
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes)).sign(key, algorithm)
    return request.public_bytes(serialization.Encoding.DER)


@dataclass(frozen=True)
class Fleet:
    """Makes devices in a world."""

    world: World
    staff: Actor
    csr = staticmethod(csr)
    new_key = staticmethod(new_key)

    def token(self, device: str = "cam-1-001", product: str = "cam-1") -> NewToken:
        return devices.make_tokens(self.world, self.staff, product, [device], "rev-a")[0]

    def enrol(self, device: str = "cam-1-001", product: str = "cam-1", key: AnyKey | None = None) -> bytes:
        """Enrol a device and return its certificate (DER)."""
        return devices.enrol(self.world, self.token(device, product).token, csr(device, key), None, "test")[0]

    def active(self, device: str = "cam-1-001", product: str = "cam-1") -> bytes:
        """Enrol a device, use its certificate once and return it."""
        certificate = self.enrol(device, product)
        devices.identify(self.world, certificate)
        return certificate


@pytest.fixture
def world(world: World, staff: Actor) -> World:
    """An installation whose maker has declared a camera and a lock."""
    for product in ("cam-1", "lock-1"):
        text = f"schema: product/1\nproduct: {{id: {product}, name: Test, models: [{product}]}}\n"
        products.declare(world, staff, text.encode())
    return world


@pytest.fixture
def fleet(world: World, staff: Actor) -> Fleet:
    return Fleet(world, staff)
