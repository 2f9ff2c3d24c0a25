"""A make-believe maker for tests: declares products, ships tiny releases, has devices with certificates."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from careful import devices, products, releases, updates
from careful.kernel.actors import Actor
from careful.kernel.work import World

SBOM = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}


@dataclass
class Maker:
    """Whoever ships `cam-1`."""

    world: World
    staff: Actor
    folder: Path
    keys: dict[str, ec.EllipticCurvePrivateKey] = field(default_factory=dict)
    certificates: dict[str, bytes] = field(default_factory=dict)

    def declare(self, product: str = "cam-1") -> None:
        """Declare and approve a product, once."""
        known = {one.id: one for one in products.list_all(self.world)}
        if product in known:
            if known[product].approved_at is None:
                products.approve(self.world, self.staff, product)
            return
        text = f"schema: product/1\nproduct: {{id: {product}, name: Test {product}, models: [{product.upper()}]}}\n"
        products.declare(self.world, self.staff, text.encode())
        products.approve(self.world, self.staff, product)

    def release(
        self,
        version: str,
        product: str = "cam-1",
        content: bytes | None = None,
        *,
        publish: bool = True,
        kind: str = "img",
        fixes: tuple[str, ...] = (),
    ) -> releases.Release:
        """Add a release of a few bytes, sign and publish it."""
        self.declare(product)
        image = self.folder / f"{product}-{version}.{kind}"
        image.write_bytes(content or f"{product} {version}\n".encode() * 2000)
        bom = json.dumps(SBOM | {"version": 1, "components": [{"name": f"{product}-{version}", "version": version}]})
        one = releases.add(self.world, self.staff, product, version, image, bom.encode(), ("rev-a",), fixes).release
        if publish:
            updates.sign_release(self.world, self.staff, one.id)
            updates.publish(self.world, self.staff, one.id)
        return releases.by_id(self.world, one.id)

    def device(self, name: str, version: str | None = "1.0.0", product: str = "cam-1") -> str:
        """Enrol a device, let it use its certificate, and let it say what it runs."""
        self.declare(product)
        token = devices.make_tokens(self.world, self.staff, product, [name], "rev-a")[0].token
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
        chain = devices.enrol(self.world, token, csr.public_bytes(serialization.Encoding.DER), None, "test")
        devices.identify(self.world, chain[0])
        self.keys[name], self.certificates[name] = key, chain[0]
        if version is not None:
            devices.report_version(self.world, name, version, "ddi")
        return name

    def fleet(self, number: int, version: str | None = "1.0.0") -> list[str]:
        """Enrol several cameras."""
        return [self.device(f"cam-1-{place:03d}", version) for place in range(1, number + 1)]
