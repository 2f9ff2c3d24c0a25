"""Bundles as their own tools make them: cpio and openssl for SWUpdate, rauc, mender-artifact."""

import hashlib
import random
import shutil
import subprocess
from pathlib import Path

DESCRIPTION = """
# A camera's update.
software =
{{
    version = "{version}";
    description = "Acme camera";
    hardware-compatibility: [ {hardware} ];
    images: (
        {{
            filename = "rootfs.ext4";
            device = "/dev/mmcblk0p2";
            type = "raw";
            sha256 = "{sha256}";
        }}
    );
}}
"""


def need(tool: str, package: str) -> None:
    """Fail the test where a tool is missing: CI installs all of them."""
    assert shutil.which(tool), f"{tool} is needed: apt-get install {package}"


def run(folder: Path, *command: str, given: bytes = b"") -> bytes:
    done = subprocess.run(command, cwd=folder, input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def signer(folder: Path, name: str = "signer", *, kind: str = "rsa:2048") -> tuple[Path, Path]:
    """Make a self-signed certificate for signing; return it and its key."""
    need("openssl", "openssl")
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    if not certificate.exists():
        more = ["-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" else []
        run(
            folder, "openssl", "req", "-x509", "-newkey", kind, *more, "-nodes", "-days", "30", "-subj", f"/CN={name}",
            "-keyout", str(key), "-out", str(certificate), "-addext", "extendedKeyUsage=emailProtection",
            "-addext", "keyUsage=digitalSignature,keyCertSign",
        )  # fmt: skip
    return certificate, key


def swu(
    folder: Path, version: str = "1.0.1", hardware: str = '"rev-a"', *, content: bytes = b"a root file system" * 99,
    sign: str = "cms", description: str = "", name: str = "signer", kind: str = "rsa:2048",
) -> Path:  # fmt: skip
    """Make a `.swu`; `sign` is cms, rsa or nothing."""
    need("cpio", "cpio")
    work = folder / "swu"
    work.mkdir(exist_ok=True)
    (work / "rootfs.ext4").write_bytes(content)
    said = description or DESCRIPTION.format(
        version=version, hardware=hardware, sha256=hashlib.sha256(content).hexdigest()
    )
    (work / "sw-description").write_text(said)
    names = ["sw-description"]
    if sign:
        certificate, key = signer(folder, name, kind=kind)
        names.append("sw-description.sig")
        if sign == "cms":
            run(
                work, "openssl", "cms", "-sign", "-in", "sw-description", "-out", "sw-description.sig", "-signer",
                str(certificate), "-inkey", str(key), "-outform", "DER", "-nosmimecap", "-binary",
            )  # fmt: skip
        else:
            run(work, "openssl", "dgst", "-sha256", "-sign", str(key), "-out", "sw-description.sig", "sw-description")
    names.append("rootfs.ext4")
    made = run(work, "cpio", "-o", "-H", "crc", "--quiet", given="\n".join(names).encode())
    path = folder / f"cam-{version}.swu"
    path.write_bytes(made)
    return path


def raucb(folder: Path, version: str = "1.0.1", compatible: str = "rev-a", form: str = "verity") -> Path:
    """Make a `.raucb` with Debian's rauc."""
    need("rauc", "rauc")
    need("mksquashfs", "squashfs-tools")
    work = folder / "rauc"
    work.mkdir(exist_ok=True)
    (work / "rootfs.ext4").write_bytes(random.Random(1).randbytes(20_000))  # noqa: S311 (bytes that do not pack)
    bundle = f"[bundle]\nformat={form}\n\n" if form != "plain" else ""
    (work / "manifest.raucm").write_text(
        f"[update]\ncompatible={compatible}\nversion={version}\ndescription=Acme camera\n\n{bundle}"
        "[image.rootfs]\nfilename=rootfs.ext4\n\n[meta.acme]\nbuild=77\n"
    )
    certificate, key = signer(folder)
    path = folder / f"cam-{version}.raucb"
    path.unlink(missing_ok=True)
    run(folder, "rauc", f"--cert={certificate}", f"--key={key}", "bundle", str(work), str(path))
    return path


def mender(folder: Path, version: str = "1.0.1", device: str = "rev-a", *more: str, key: Path | None = None) -> Path:
    """Make a `.mender` with Debian's mender-artifact."""
    need("mender-artifact", "mender-artifact")
    payload = folder / "rootfs.ext4"
    payload.write_bytes(b"a root file system" * 999)
    path = folder / f"cam-{version}.mender"
    signing = []
    if key:  # it wants the form before PKCS#8
        old = folder / "mender.key"
        run(folder, "openssl", "rsa", "-in", str(key), "-traditional", "-out", str(old))
        signing = ["-k", str(old)]
    run(
        folder, "mender-artifact", "write", "rootfs-image", "-f", str(payload), "-t", device, "-n", f"camera-{version}",
        "-o", str(path), *signing, *more,
    )  # fmt: skip
    return path
