"""The main job in ten steps, told over the API and by real devices.

Each step looks at the world and does what is not yet done, so that a demo that was killed goes on where it was. A step
that does not hold raises `Held` with the reason.
"""

import contextlib
import functools
import io
import json
import re
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from careful.demo.api import Api, Held, wait_for
from careful.demo.firmware import HARDWARE, Firmware
from careful.demo.mailbox import read_folder
from careful_device import files

Say = Callable[[str], None]
PRODUCTS = ("cam-1", "lock-1", "plug-1")
CAMERA = "cam-1"
OLD, NEW = "1.0.0", "1.0.1"
SICK, SILENT, ROGUE, VICTIM = "cam-1-001", "cam-1-004", "plug-1-001", "lock-1-001"
LURED = "cam-1-003"
DRILL = {"cam-1": "cam-1-002", "lock-1": "lock-1-002", "plug-1": "plug-1-002"}
MAIN_FLAW = "CVE-2023-4863"
AFFECTED = {MAIN_FLAW, "CVE-2023-43804"}
_NOT_REACHED = "The camera's software never calls the code in question."
_DEADLINE = 12.0
_RETRY = 10.0


@dataclass(slots=True)
class Stage:
    """What the steps share."""

    api: Api
    public: str
    examples: Path
    fleet: Path
    mail: Path
    builds: dict[tuple[str, str], Firmware]
    counts: dict[str, int]
    make_devices: Callable[["Stage"], None]
    run: Callable[..., str]
    say: Say

    def devices(self, product: str) -> list[str]:
        """Name the devices of a product."""
        return [f"{product}-{number:03d}" for number in range(1, self.counts[product] + 1)]

    def behave(self, device: str, **behaviour: Any) -> None:  # noqa: ANN401 (the fleet's words)
        """Have one device behave otherwise."""
        path = self.fleet / "control.json"
        control = files.read_json(path)
        files.write_json(path, {**control, "behaviours": {**control.get("behaviours", {}), device: behaviour}})


def declared(stage: Stage) -> None:
    """Declare, approve, publish and put on sale the three products."""
    for product in PRODUCTS:
        text = (stage.examples / "products" / product / "product.yaml").read_bytes()
        known = {one["id"]: one for one in stage.api.get("/products")}
        if product not in known:
            stage.api.post("/products", content=text, headers={"Content-Type": "application/yaml"})
            known = {one["id"]: one for one in stage.api.get("/products")}
        if not known[product].get("approved_at"):
            stage.api.post(f"/products/{product}/approve")
        if not known[product].get("on_sale_at"):
            stage.api.post(f"/products/{product}/publish-page")
            stage.api.post(f"/products/{product}/on-sale")
        derived = stage.api.get(f"/products/{product}/derived")
        laws = [one["law"]["id"] if "law" in one else one["id"] for one in derived["laws"] if one["answer"] == "yes"]
        streams = len(derived["streams"])
        stage.say(f"{product}: {streams} streams allowed, {len(laws)} laws apply ({', '.join(laws[:4])} …)")


def born(stage: Stage) -> None:
    """Enrol every device, see all connected, and one rogue refused twice."""
    stage.make_devices(stage)
    total = sum(stage.counts.values())

    def active() -> bool:
        return len(_all_devices(stage, state="active")) >= total

    wait_for(f"{total} devices enrolled and connected", active, 60)
    stage.say(f"{total} devices enrolled over EST, each with its own key, and connected over mutual TLS")
    stage.behave(ROGUE, name="rogue", victim=VICTIM)

    asked = time.monotonic()

    def refused() -> bool:
        nonlocal asked
        if time.monotonic() > asked + _RETRY:  # what a killed gateway had not yet written down was never seen
            asked = time.monotonic()
            stage.behave(ROGUE, name="rogue", victim=VICTIM, again=asked)
        kinds = {one["kind"] for one in stage.api.get("/devices/refusals", device=ROGUE)}
        return {"foreign-topic", "undeclared-field"} <= kinds

    wait_for("both tricks of the rogue refused and counted", refused, 30)
    counts = {one["kind"]: one["count"] for one in stage.api.get("/devices/refusals", device=ROGUE)}
    stage.say(f"{ROGUE} spoke as {VICTIM} and sent an undeclared field: refused and counted ({counts})")
    stage.behave(ROGUE, name="normal")
    owners = stage.api.get("/devices", product=CAMERA, limit=1000)
    for one in owners:
        if not one.get("owner_ref"):
            stage.api.put(f"/devices/{one['id']}/owner", {"email": f"owner-of-{one['id']}@home.example"})
    stage.run("drill", "access", "--product", "plug-1")
    stage.say("no, wrong, used and revoked credentials were refused at every door")


def shipped(stage: Stage) -> None:
    """Ship 1.0.0 of every product to every device."""
    for product in PRODUCTS:
        _release(stage, product, OLD)
    others = [DRILL[product] for product in PRODUCTS if product != CAMERA]
    for kind in ("tampered", "wrong_model"):
        _drill(stage, dict.fromkeys(others, kind))
    for product in PRODUCTS:
        _start(stage, product, OLD, waves=["100%"])
    for product in PRODUCTS:
        _wait_for_version(stage, product, OLD)
    stage.say(f"{sum(stage.counts.values())} devices verified and installed {OLD} by themselves")


def heard(stage: Stage) -> None:
    """Take in the feeds that ship with the demo, as they are: a few facts, frozen, and no feed of all there is."""
    for path in sorted((stage.examples / "feeds").glob("*.json")):
        stage.api.post("/feeds", files={"feed": (path.name, path.read_bytes())})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted((stage.examples / "feeds" / "osv").rglob("*.json")):
            archive.write(path, path.name)
    stage.api.post("/feeds", files={"feed": ("osv.zip", packed.getvalue())})
    for one in stage.api.get("/feeds"):
        stage.say(f"{one['feed']}: {one['records']} records, as of {one['as_of'][:10]}")
    stage.say("a small, frozen set: what it does not list is not known; careful feeds sync fetches the real feeds")


def located(stage: Stage) -> None:
    """See the flaws in the camera's release, exploited first, and what could not be looked up."""
    wait_for("the flaws located in the camera", lambda: _case(stage, MAIN_FLAW), 30)
    cases = stage.api.get("/cases", product=CAMERA)
    exposure = stage.api.get(f"/cases/{_case(stage, MAIN_FLAW)['id']}/exposure")
    first = cases[0]
    if not first["exploited"]:
        raise Held(f"{first['flaw']} comes first, which nobody exploits.")
    stage.say(f"{len(cases)} known flaws in {CAMERA}; first {first['flaw']}, exploited in the wild")
    release = _release_of(stage, CAMERA, OLD) or {}
    unmatched = stage.api.get(f"/releases/{release['id']}/unmatched")
    exposed = len(exposure["devices"])
    if not exposed and not _moved_on(stage, CAMERA):
        raise Held("No device is exposed.")
    stage.say(f"{exposed} devices exposed, found by release; {len(unmatched)} components could not be looked up:")
    stage.say(f"  for example {unmatched[0]['component']['name']}: {unmatched[0]['reason']}")


def judged(stage: Stage) -> None:
    """Decide every case."""
    for one in stage.api.get("/cases", product=CAMERA):
        if one["status"] is not None:
            continue
        if one["flaw"] in AFFECTED:
            said = {"status": "affected", "statement": "The camera uses it.", "action": f"Update to {NEW}."}
        else:
            said = {
                "status": "not_affected",
                "justification": "vulnerable_code_not_in_execute_path",
                "statement": _NOT_REACHED,
            }
        stage.api.post(f"/cases/{one['id']}/judge", said)
    decided = {one["flaw"]: one["status"] for one in stage.api.get("/cases", product=CAMERA)}
    affected = sum(status == "affected" for status in decided.values())
    stage.say(f"{affected} affected, {len(decided) - affected} not affected, each with its reason")


def mended(stage: Stage) -> None:
    """Ship the fix, whose own SBOM shows that the flaw is gone."""
    _release(stage, CAMERA, NEW, fixes=sorted(AFFECTED))
    wait_for("the fix found in 1.0.1's own SBOM", lambda: _case(stage, MAIN_FLAW).get("fixed_in") == NEW, 30)
    stage.say(f"{NEW} is signed; its SBOM shows that {', '.join(sorted(AFFECTED))} are gone")
    kept = [
        one
        for one in stage.api.get("/cases", product=CAMERA)
        if one["status"] == "not_affected" and NEW in one["releases"] and not one["review"]
    ]
    for one in kept[:1]:
        stage.say(f"the decision on {one['flaw']} was kept: its component did not move")


def on_its_way(stage: Stage) -> None:
    """Roll out in waves; one device fails, one falls silent; a wrong image is refused three times."""
    if not _moved_on(stage, CAMERA):
        _drill(stage, {DRILL[CAMERA]: "tampered"})
        stage.say(f"{DRILL[CAMERA]} was offered an altered image of {NEW}: refused")
    stage.behave(SICK, name="unhealthy", version=NEW)
    stage.behave(SILENT, name="silent", version=NEW)
    rollout = _start(stage, CAMERA, NEW, waves=["2", "10%", "100%"], first=[SICK])
    _see_halt_and_resume(stage, rollout)

    def settled() -> bool:
        detail = stage.api.get(f"/rollouts/{rollout}")
        if detail["rollout"]["state"] == "halted":
            _resume(stage, detail["rollout"])
        members = {one["device"]: one["state"] for one in detail["members"]}
        others = {state for device, state in members.items() if device != SILENT}
        if not others <= {"confirmed", "accounted"}:
            return False
        if members[SILENT] == "silent":
            # It may be offered the release once more in this very moment; then its next silence counts.
            with contextlib.suppress(Held):
                why = "Its owner was asked to switch it on; it takes the update when it is back."
                stage.api.post(f"/rollouts/{rollout}/devices/{SILENT}/account", {"reason": why})
        return bool(members[SILENT] == "accounted")

    wait_for("every camera but the silent one fixed, and that one accounted for", settled, 120)
    stage.say(f"{SILENT} stayed silent past its deadline: counted as failed, accounted for by name")
    wait_for(
        "the rollout finished", lambda: stage.api.get(f"/rollouts/{rollout}")["rollout"]["state"] == "finished", 20
    )
    _drill(stage, {DRILL[CAMERA]: "rollback", LURED: "wrong_model"})
    stage.say(f"{DRILL[CAMERA]} was offered {OLD} again, {LURED} a lock's image: both refused")


def told(stage: Stage) -> None:
    """Publish in plain words and as CSAF; see page, feed, answer and mail."""
    for flaw in sorted(AFFECTED):
        case = _case(stage, flaw)
        if not case:
            raise Held(f"There is no case for {flaw}.")
        stage.api.post(f"/notices/{_advisory(stage, case['id'])['id']}/publish")
    advisory = _advisory(stage, _case(stage, MAIN_FLAW)["id"])
    with httpx.Client(base_url=stage.public, timeout=20, trust_env=False) as public:
        for path in (f"/advisories/{advisory['id']}", f"/advisories/{advisory['id']}.json", "/advisories.atom"):
            if public.get(path).status_code != httpx.codes.OK:
                raise Held(f"{stage.public}{path} does not answer.")
        answer = public.get("/v1/notice", params={"model": "HC-100", "version": OLD}).json()
    if answer.get("state") != "act":
        raise Held(f"An owner of {OLD} is told {answer!r}, not to act.")
    stage.say(f"{advisory['id']} is public: plain, CSAF 2.0, Atom, and at /check")
    total = stage.counts[CAMERA]

    def mailed() -> int | None:
        reached = {message["To"] for message in read_folder(stage.mail) if MAIN_FLAW in str(message["Subject"])}
        return len(reached) if len(reached) >= total else None

    number = wait_for(f"{total} owners written to", mailed, 60)
    stage.say(f"{number} owners got plain mail over SMTP; none twice")


def closed(stage: Stage) -> None:
    """Account for the silent device, see every case closed, and the evidence proven."""
    for flaw in sorted(AFFECTED):
        case = _case(stage, flaw)
        exposure = stage.api.get(f"/cases/{case['id']}/exposure")
        for device in exposure["unaccounted"]:
            if device != SILENT:
                raise Held(f"{device} is still exposed to {flaw}.")
            reason = "Silent since the rollout. Its owner was told, and it takes the update when it is back."
            stage.api.post(f"/cases/{case['id']}/account-for", {"device": device, "reason": reason})
    wait_for("every case closed", lambda: not stage.api.get("/cases", state="open"), 30)
    stage.say("every case is closed: no exposed device is unaccounted for")
    verdicts = {one["id"]: one for one in stage.api.get("/evidence/verdicts")}
    wanted = ("D1", "A1", "R2", "R6", "R7", "R9", "C6", "C9", "C12", "C13")
    missed = [f"{name}: {verdicts[name]['says']}" for name in wanted if verdicts[name]["verdict"] != "met"]
    if missed:
        raise Held(" ".join(missed))
    unknown = [name for name, one in verdicts.items() if one["verdict"] == "unknown"]
    stage.say(f"{len(wanted)} recommendations met by recorded facts; {', '.join(unknown) or 'none'} honestly unknown")
    proof = json.loads(stage.run("evidence", "verify", "--json"))
    if not proof["proven"]:
        raise Held("The ledger does not prove itself.")
    stage.say(f"ledger proven: {proof['size']} entries, {proof['checkpoints']} signed checkpoints")


STEPS: tuple[tuple[str, Callable[[Stage], None]], ...] = (
    ("Declared", declared),
    ("Born", born),
    ("Shipped", shipped),
    ("Heard", heard),
    ("Located and exposed", located),
    ("Judged", judged),
    ("Mended", mended),
    ("On its way", on_its_way),
    ("Told", told),
    ("Closed, with evidence", closed),
)


def _see_halt_and_resume(stage: Stage, rollout: str) -> None:
    def halted() -> dict[str, Any] | None:
        found: dict[str, Any] = stage.api.get(f"/rollouts/{rollout}")["rollout"]
        return found if found["state"] != "running" or found["open_waves"] > 1 else None

    found = wait_for("the rollout halted by itself", halted, 60)
    if found["state"] == "halted":
        _resume(stage, found)


def _resume(stage: Stage, rollout: dict[str, Any]) -> None:
    stage.say(f"halted by itself: {rollout['reason']}")
    why = "The log shows a slow start after the first boot; one more try."
    stage.api.post(f"/rollouts/{rollout['id']}/resume", {"reason": why})
    stage.say(f"resumed by a person: {why}")


def _drill(stage: Stage, kinds: Mapping[str, str]) -> None:
    """Offer what is wrong to real devices, all at once, and see each refuse. `kinds`: device -> kind."""
    waiting = {device: kind for device, kind in kinds.items() if not _refused(stage, device, kind)}
    for device, kind in waiting.items():
        stage.api.post("/rollouts/drills", {"device": device, "kind": kind})
    for device, kind in waiting.items():
        wait_for(f"{device} refusing {kind}", functools.partial(_refused, stage, device, kind), 40)


def _refused(stage: Stage, device: str, kind: str) -> bool:
    orders = stage.api.get("/rollouts/orders", device=device, drills=True)
    return any((one["drill"], one["state"]) == (kind, "failed") for one in orders)


def _wait_for_version(stage: Stage, product: str, version: str) -> None:
    """Wait until every device of a product runs a version (or a later one is on its way already)."""
    wanted = stage.counts[product]

    def arrived() -> bool:
        return len(_all_devices(stage, product=product, version=version)) >= wanted or _moved_on(stage, product)

    wait_for(f"{wanted} devices of {product} on {version}", arrived, 60)


def _release(stage: Stage, product: str, version: str, fixes: list[str] | None = None) -> None:
    build = stage.builds[product, version]
    found = _release_of(stage, product, version)
    if found is None:
        with build.image.open("rb") as image, build.sbom.open("rb") as sbom:
            made = stage.api.post(
                "/releases",
                data={"product": product, "version": version, "hardware": [HARDWARE], "fixes": fixes or []},
                files={"image": (build.image.name, image), "sbom": (build.sbom.name, sbom)},
            )
        found, report = made["release"], made["report"]
        stage.say(
            f"{product} {version}: {build.image.stat().st_size / 1e6:.1f} MB image, "
            f"{report['taken']} components taken, {report['unmatchable']} cannot be looked up"
        )
    if found["state"] == "draft":
        stage.api.post(f"/releases/{found['id']}/sign")
    stage.api.post(f"/releases/{found['id']}/publish")


def _start(stage: Stage, product: str, version: str, waves: list[str], first: list[str] | None = None) -> str:
    running = [one for one in stage.api.get("/rollouts", product=product) if one["version"] == version]
    if running:
        return str(running[-1]["id"])
    asked = {
        "product": product,
        "version": version,
        "waves": waves,
        "first": first or [],
        "deadline_seconds": _DEADLINE if version == NEW else 60.0,
        "max_failures_percent": 30.0,
        "attempts": 2,
    }
    return str(stage.api.post("/rollouts", asked)["rollout"])


def _all_devices(stage: Stage, **where: str) -> list[dict[str, Any]]:
    found = stage.api.get("/devices", limit=1000, **where)
    return [one for one in found if re.fullmatch(r"(?:cam|lock|plug)-1-\d{3}", one["id"])]


def _moved_on(stage: Stage, product: str) -> bool:
    """Tell whether a later release is already on its way (a demo that goes on after a kill)."""
    return any(one["version"] == NEW for one in stage.api.get("/rollouts", product=product))


def _release_of(stage: Stage, product: str, version: str) -> dict[str, Any] | None:
    found = stage.api.get("/releases", product=product)
    return next((one for one in found if one["version"] == version), None)


def _case(stage: Stage, flaw: str) -> dict[str, Any]:
    """Return the camera's case of a flaw, empty where there is none yet."""
    return next((one for one in stage.api.get("/cases", product=CAMERA) if one["flaw"] == flaw), {})


def _advisory(stage: Stage, case: str) -> dict[str, Any]:
    """Return the advisory of a case, drafted first where there is none."""
    found = next((one for one in stage.api.get("/notices") if one["case"] == case), None)
    return found or dict(stage.api.post("/notices", {"case": case}))
