"""Further files of a release: for clients that take several at once, each for a part of the device (DDI, `part`).

They are added before the release is signed, and the signature over the release's image names every one of them with its
digest: a set is genuine as a whole, or not at all.
"""

import re
from pathlib import Path

from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.work import World
from careful.releases import artifacts, bundles, policies, queries, store
from careful.releases.events import PartAdded
from careful.releases.model import NAME, Part, Release

MOST_PARTS = 16
_TITLE = 80
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+~_-]{0,63}")


def add_part(
    world: World, actor: Actor, release_id: str, part: str, file: Path, *, name: str = "", version: str = ""
) -> Release:
    """Add a file for a `part` of the device (such as os, bApp, jvm) to a release that nobody has signed.

    Parts of the same `part`, `name` and `version` go to the device as one module; without name and version it is the
    module of the image. A bundle of SWUpdate, RAUC or Mender is read, and must say the version of its module, hardware
    of the release, and a signer that the product's policy takes. The very same again changes nothing.
    Raises NotFound, Invalid, Refused, TooLarge.
    """
    if not NAME.fullmatch(part):
        raise Invalid(f"{part[:64]!r} is no part.", do="Use 1 to 64 of A-Z a-z 0-9 _ -, such as bApp.", where="part")
    if len(name) > _TITLE or not name.isprintable():
        raise Invalid(f"A name has at most {_TITLE} printable characters.", where="name")
    if version and not _VERSION.fullmatch(version):
        raise Invalid(f"{version[:64]!r} is no version.", where="version")
    artifact = artifacts.keep_file(world.home, file, world.settings.artifact_bytes, "")
    about = queries.by_id(world, release_id)
    asks = policies.policy(world, about.product)
    bundle = bundles.read(artifacts.place(world.home, artifact.sha256), artifact.filename, asks)
    if bundle is not None:
        bundles.must_fit(bundle, version or about.version, about.hardware, asks)
    with world.change(actor) as work:
        row = store.by_id(work.connection, release_id, hold=True)
        if row is None:
            raise NotFound(f"There is no release {release_id[:64]!r}.", do="Run: careful release list")
        known = store.as_release(row)
        added = Part(part=part, name=name, version=version or known.version, artifact=artifact, bundle=bundle)
        if added in known.parts:
            return known
        if known.state != "draft":
            raise Refused(f"{known.product} {known.version} is {known.state}.", do="Add parts before it is signed.")
        if len(known.parts) >= MOST_PARTS:
            raise Refused(f"A release has at most {MOST_PARTS} further parts.")
        if artifact.filename in {known.artifact.filename, *(one.artifact.filename for one in known.parts)}:
            raise Refused(f"The release has a file {artifact.filename} already.", do="Give this one another name.")
        store.change(work.connection, known.id, parts=[store.part_as(one) for one in (*known.parts, added)])
        work.record(
            PartAdded(
                release=known.id,
                product=known.product,
                version=known.version,
                part=part,
                artifact=artifact.sha256,
            )
        )
        again = store.by_id(work.connection, release_id)
        return known if again is None else store.as_release(again)
