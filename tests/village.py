"""A small real history: a camera on sale, two releases of it, feeds, a known flaw, devices with owners, an advisory."""

import json
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flaws_sample import purls
from makers import Maker

from careful import devices, notices, products, releases, updates, vulnerabilities, workflows
from careful.kernel import outbox
from careful.kernel.actors import Actor
from careful.kernel.clock import ManualClock, iso
from careful.kernel.reconcile import Chore, settle
from careful.kernel.work import World

EXAMPLES = Path(__file__).parents[1] / "examples"
STAFF, SECOND = Actor("staff", "ann"), Actor("staff", "ben")
FLAW = "CVE-2023-4863"
"""In libwebp, which Pillow before 10.0.1 carries; exploited in the wild."""
OLD, NEW = "1.0.0", "1.0.1"
FLEET = ("cam-1-001", "cam-1-002", "cam-1-003")


@dataclass
class Village:
    """Whoever makes `cam-1`, and the people who own one."""

    world: World
    folder: Path

    def declare(self, product: str = "cam-1") -> None:
        """Declare and approve a product from its own example file."""
        products.declare(self.world, STAFF, (EXAMPLES / "products" / product / "product.yaml").read_bytes())
        products.approve(self.world, STAFF, product)

    def ship(
        self, version: str, *components: str, product: str = "cam-1", sign: bool = True, fixes: tuple[str, ...] = ()
    ) -> releases.Release:
        """Add a release of named PyPI components; sign and publish it."""
        image = self.folder / f"{product}-{version}.img"
        image.write_bytes(f"{product} {version}\n".encode() * 1000)
        sbom = purls(*components)
        one = releases.add(self.world, STAFF, product, version, image, sbom, ("rev-a",), fixes).release
        if sign:
            updates.sign_release(self.world, STAFF, one.id)
            updates.publish(self.world, STAFF, one.id)
        return releases.by_id(self.world, one.id)

    def hear(self) -> None:
        """Take in the feeds of the examples, as if they were published now."""
        now = self.world.clock.now()
        packed, catalogue = self.folder / "osv.zip", self.folder / "kev.json"
        with zipfile.ZipFile(packed, "w") as archive:
            for path in sorted((EXAMPLES / "feeds" / "osv").glob("*.json")):
                archive.write(path, path.name)
        kev = json.loads((EXAMPLES / "feeds" / "kev.json").read_text())
        catalogue.write_text(json.dumps(kev | {"dateReleased": iso(now)}))
        for path in (catalogue, packed):
            vulnerabilities.import_feed(self.world, STAFF, path, as_of=now)

    def run(self, version: str, *names: str, product: str = "cam-1") -> None:
        """Let devices say that they run a version; those that are new are enrolled first."""
        known = {one.id for one in devices.list_devices(self.world, product=product)}
        factory = Maker(self.world, STAFF, self.folder)
        for name in names:
            if name not in known:
                factory.device(name, None, product)
            devices.report_version(self.world, name, version, "ddi")

    def own(self, **owners: str) -> None:
        """Give devices owners: `own(cam_1_001="kim@example.com")`."""
        for device, address in owners.items():
            devices.set_owner(self.world, STAFF, device.replace("_", "-"), address)

    def found(self) -> vulnerabilities.Case:
        """Return the case of the flaw, after looking for it."""
        vulnerabilities.match(self.world)
        vulnerabilities.note_exposure(self.world)
        return self.case()

    def case(self, flaw: str = FLAW) -> vulnerabilities.Case:
        """Return the case of a flaw."""
        (one,) = (each for each in vulnerabilities.cases(self.world) if each.flaw == flaw)
        return one

    def judge(self, status: vulnerabilities.Status = "affected", flaw: str = FLAW) -> vulnerabilities.Case:
        """Decide a case, by two people where that needs two."""
        why = "vulnerable_code_not_in_execute_path" if status == "not_affected" else None
        one = vulnerabilities.judge(self.world, STAFF, self.case(flaw).id, status, why, action=f"Update to {NEW}.")
        return vulnerabilities.confirm(self.world, SECOND, one.id) if one.proposal else one

    def affected(self) -> vulnerabilities.Case:
        """Live as far as a case that was judged affected: three cameras on 1.0.0, two of them Kim's."""
        self.declare()
        self.ship(OLD, "pillow==10.0.0")
        self.hear()
        self.run(OLD, *FLEET)
        self.own(cam_1_001="kim@example.com", cam_1_002="kim@example.com")
        self.found()
        return self.judge()

    def published(self) -> notices.Advisory:
        """Live as far as a public advisory that names the fix."""
        case = self.affected()
        self.ship(NEW, "pillow==10.0.1")
        self.found()
        return notices.publish(self.world, STAFF, notices.draft(self.world, STAFF, case.id).id)

    def mails(self) -> list[dict[str, str]]:
        """Return what is in the outbox, by address."""
        with self.world.look() as connection:
            rows = connection.execute(outbox.messages.select()).all()
        return sorted((dict(row.payload) for row in rows), key=lambda one: one["to"])

    def work(self) -> int:
        """Run every step of every workflow until nothing is left to do."""
        steps = [step for flow in workflows.ALL for step in flow.steps if step.advance]
        return settle(self.world, [Chore(step.name, step.advance) for step in steps if step.advance])

    def later(self, **by: float) -> None:
        """Let time pass."""
        clock = self.world.clock
        assert isinstance(clock, ManualClock)
        clock.advance(timedelta(**by))
