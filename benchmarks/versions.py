"""What it costs to read a version: its key, and the bytes for an index, per scheme, nothing cached."""

import time
from collections.abc import Callable

from table import method, repeat, row

from careful.vulnerabilities import versions
from careful.vulnerabilities.versions.blobs import blob

VERSIONS = {
    "generic": ("7.61.0", "1.0.2za", "2.0-rc1", "2024-01-15", "1.2+git0+abc"),
    "semver": ("1.2.3", "1.0.0-alpha.1"),
    "golang": ("v0.0.0-20191109021931-daa7c04131f5",),
    "nuget": ("1.0.0-BETA.1",),
    "composer": ("1.0.0-beta1",),
    "bitnami": ("1.2.3-4",),
    "pep440": ("1.0rc1", "2.31.0"),
    "maven": ("4.1.108.Final-redhat-0001", "2.17.1"),
    "gem": ("1.0.0.rc1",),
    "perl": ("1.0905",),
    "conan": ("1.2.3-pre1",),
    "dpkg": ("1:7.88.1-10+deb12u4",),
    "rpm": ("5.14.0-70.el9",),
    "alpm": ("1:1.5b-1",),
    "apk": ("1.2.3_p1-r4",),
    "openssl": ("1.0.2za",),
    "kernel": ("6.6.30-yocto-standard",),
}
ROUNDS = 2000
TARGETS = {"generic": "< 10"}


def cost(act: Callable[[str], object], texts: tuple[str, ...]) -> float:
    """Return microseconds for one version."""
    began = time.perf_counter()
    for _ in range(ROUNDS):
        for text in texts:
            act(text)
    return (time.perf_counter() - began) / ROUNDS / len(texts) * 1e6


def main() -> None:
    """Print the table."""
    method(f"""Each scheme reads a few versions of its kind, {ROUNDS} times in a row, past the cache; then the same with
        the key made into bytes. The last row is a key from the cache.""")
    for scheme, texts in VERSIONS.items():
        read = versions.SCHEMES[scheme]
        row(f"{scheme}: key", repeat(lambda read=read, texts=texts: cost(read, texts)), "us", TARGETS.get(scheme, ""))
        both = repeat(lambda read=read, texts=texts: cost(lambda text: blob(read(text)), texts))
        row(f"{scheme}: key and bytes", both, "us")
    row("cached", repeat(lambda: cost(lambda text: versions.key("generic", text), VERSIONS["generic"])), "us")


if __name__ == "__main__":
    main()
