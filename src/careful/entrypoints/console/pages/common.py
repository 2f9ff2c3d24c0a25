"""What several pages share: the ledger's entries in plain sentences, and its size, by which pages keep current."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from starlette.routing import Route

from careful.entrypoints.look import words
from careful.kernel import ledger
from careful.kernel.ledger import Entry
from careful.kernel.work import World


def routes(world: World) -> list[Route]:  # noqa: ARG001 (every module of pages has this; here there is no page)
    """Return no routes."""
    return []


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as a page shows it; `weighty` ones stand out. What is no entry of the ledger has no `seq`."""

    seq: int | None
    at: datetime
    by: str
    says: str
    href: str
    weighty: bool


_CASE, _DEVICE, _PRODUCT = "/vulnerabilities/{case}", "/devices/{device}", "/products/{product}"
_GLASS = "/devices/{device}/break-glass"
_ALERT, _SUPPLIER = "/detections/{alert}", "/suppliers/{supplier}"
_REPORTING, _DATA = "/reporting/{matter}", "/data?product={product}"
_RELEASE, _ROLLOUT, _RELEASES = "/releases/{release}", "/rollouts/{rollout}", "/releases?product={product}"
_SAYS: Mapping[str, tuple[str, str]] = {
    "customer_data.consent_given": ("{device}: a consent to {item} was noted ({kind}).", _DEVICE),
    "customer_data.consent_withdrawn": ("{device}: a consent to {item} holds no more: {why}.", _DEVICE),
    "customer_data.data_began": ("{device}: the first record of {item} was taken.", _DEVICE),
    "customer_data.observed": ("{product}: {records} records were taken, all of them declared.", _DATA),
    "customer_data.refused": ("{product}: {item} {field} was refused {count} times ({kind}).", _DATA),
    "customer_data.glass_broken": ("{device} was opened in an emergency, for case {case}.", _GLASS),
    "customer_data.glass_opened": ("{device}: {count} records of {stream} were opened in an emergency.", _GLASS),
    "customer_data.glass_ended": ("{device}: an emergency is over ({why}); {records} records were opened.", _GLASS),
    "owners.claimed": ("{device} was claimed by its owner, with the code on it.", _DEVICE),
    "owners.claim_ended": ("{device} is its owner's no more: {why}.", _DEVICE),
    "owners.guessing_stopped": ("{tries} wrong codes for {device} came; no more are taken for a while.", _DEVICE),
    "devices.activated": ("{device} used its certificate for the first time.", _DEVICE),
    "devices.enrolled": ("{device} enrolled with a key of its own.", _DEVICE),
    "devices.enrolment_refused": ("An enrolment was refused: {reason}.", "/devices"),
    "devices.owner_forgotten": ("The owner of {device} was erased.", _DEVICE),
    "devices.owner_set": ("The owner of {device} can now be reached.", _DEVICE),
    "devices.quarantined": ("{device} was quarantined: {reason}", _DEVICE),
    "devices.renewed": ("{device} renewed its certificate.", _DEVICE),
    "devices.restored": ("{device} was restored: {reason}", _DEVICE),
    "devices.retired": ("{device} was retired: {reason}", _DEVICE),
    "devices.revoked": ("The certificates of {device} were revoked: {reason}", _DEVICE),
    "devices.target_token_set": ("{device} got a token to poll for updates with.", _DEVICE),
    "devices.tokens_made": ("{count} enrolment tokens were made for {product}.", "/devices?product={product}"),
    "devices.traffic_refused": ("Traffic was refused, {count} times: {kind}, {detail}", _DEVICE),
    "devices.version_reported": ("{device} said that it runs {version}.", _DEVICE),
    "monitoring.alert_judged": ("An alert in {product} was called {verdict}: {reason}", _ALERT),
    "monitoring.alert_raised": ("{product}: an alert was raised ({rule}).", _ALERT),
    "monitoring.alert_spread": ("{product}: an alert reached {devices} devices ({rule}).", _ALERT),
    "monitoring.chain_reset": ("The chain of nonces of {device} began anew: {reason}", _DEVICE),
    "monitoring.drilled": ("A drill of the watch ended ({kind}): {reason}", "/detections"),
    "monitoring.expectation_ended": ("Something is expected no longer.", _ALERT),
    "monitoring.held_decided": ("{devices} held devices were cut off by a person.", _ALERT),
    "monitoring.staff_told": ("{people} people were written to about an alert.", _ALERT),
    "monitoring.quarantine_held": ("{product}: {devices} devices are held for a person ({rule}).", _ALERT),
    "notices.advisory_drafted": ("{advisory} was drafted, about {flaw} in {product}.", "/notices/{advisory}"),
    "notices.advisory_published": ("{advisory} was published, about {flaw} in {product}.", "/notices/{advisory}"),
    "notices.owners_told": ("Owners of {told} devices were told about {advisory}.", "/notices/{advisory}"),
    "obligations.aware": ("Since when we knew of a matter to report was noted.", _REPORTING),
    "obligations.clock_set": ("A report became due, moved, or is not owed: {duty}.", _REPORTING),
    "obligations.clock_missed": ("A report was not submitted in time: {duty}.", _REPORTING),
    "obligations.dismissed": ("A matter was noted as nothing to report.", _REPORTING),
    "obligations.drill_report": ("A report was rehearsed: {duty}.", _REPORTING),
    "obligations.drill_started": ("A rehearsal of reporting began.", _REPORTING),
    "obligations.incident_noted": ("A severe incident was noted.", _REPORTING),
    "obligations.measure_available": ("A measure in a matter to report was noted.", _REPORTING),
    "obligations.report_submitted": ("A report was submitted: {duty}, number {reference}.", _REPORTING),
    "products.approved": ("{product}: what its file says is in force.", _PRODUCT),
    "products.data_declared": ("{product}: what its file says of data was noted.", _DATA),
    "products.declared": ("{product}: version {version} of its file was handed in.", _PRODUCT),
    "products.page_published": ("{product}: its public page was published.", _PRODUCT),
    "products.put_on_sale": ("{product} was put on sale.", _PRODUCT),
    "releases.added": ("{product} {version} was added, with {components} components.", _RELEASE),
    "releases.declaration_pinned": (
        "Devices on {product} {version} are checked against version {declaration} of its file: {reason}",
        _RELEASE,
    ),
    "releases.signed": ("{product} {version} was signed.", _RELEASE),
    "releases.withdrawn": ("{product} {version} was withdrawn: {reason}", _RELEASE),
    "products.suppliers_relied_on": ("{product}: whose evidence the approval stands on was noted.", _PRODUCT),
    "suppliers.answered": ("A supplier answered what it was asked.", _SUPPLIER),
    "suppliers.asked": ("A supplier was asked for something, by {due}.", _SUPPLIER),
    "suppliers.contract_noted": ("Contract {number} with a supplier was noted, until {until}.", _SUPPLIER),
    "suppliers.ended": ("A supplier is one no longer: {reason}", _SUPPLIER),
    "suppliers.evidence_accepted": ("Evidence of a supplier was accepted, until {until}.", _SUPPLIER),
    "suppliers.evidence_given": ("Evidence of a supplier came in ({kind}).", _SUPPLIER),
    "suppliers.evidence_withdrawn": ("Evidence of a supplier counts no longer: {reason}", _SUPPLIER),
    "suppliers.item_closed": ("What a supplier was asked is done with.", _SUPPLIER),
    "suppliers.person_bound": ("Somebody may answer for a supplier.", _SUPPLIER),
    "suppliers.person_unbound": ("Somebody answers for a supplier no longer.", _SUPPLIER),
    "suppliers.recorded": ("A supplier was put on record.", _SUPPLIER),
    "updates.device_accounted": ("{device} stays behind, for a reason: {reason}", _DEVICE),
    "updates.device_failed": ("{device} did not take the update: {reason}", _DEVICE),
    "updates.device_silent": ("{device} was silent about its update.", _DEVICE),
    "updates.device_updated": ("{device} confirmed {version}.", _DEVICE),
    "updates.drill_failed": ("A rehearsal did not hold on {device} ({kind}): {reason}", _DEVICE),
    "updates.drill_held": ("{device} refused a bad update, as it should ({kind}).", _DEVICE),
    "updates.drill_ordered": ("A rehearsal was ordered: {kind}, on {device}.", _DEVICE),
    "updates.drill_unclear": ("A rehearsal told nothing on {device} ({kind}): {reason}", _DEVICE),
    "updates.key_drill_failed": ("The loss of the {role} key of {product} was rehearsed: {reason}", _RELEASES),
    "updates.key_drill_held": ("The loss of the {role} key of {product} was rehearsed: devices follow.", _RELEASES),
    "updates.metadata_expiring": ("What devices of {product} trust nears its end: {role} {version}.", _RELEASES),
    "updates.releases_delegated": ("{threshold} keys together sign releases of {product} now.", _RELEASES),
    "updates.key_replaced": ("The {role} key of {product} was replaced: {reason}", _RELEASES),
    "updates.keys_moved": ("Signing keys of {product} were moved: {direction}.", _RELEASES),
    "updates.metadata_published": ("What devices trust was signed anew: {role} number {version}.", _RELEASES),
    "updates.devices_taken_over": ("{devices} devices were taken over by rollout {by}.", _ROLLOUT),
    "updates.rollout_confirmed": ("{people} people stand behind the rollout now.", _ROLLOUT),
    "updates.rollout_proposed": ("To go back to {product} {version} was proposed: {reason}", _ROLLOUT),
    "updates.rollout_superseded": ("The rollout ended before its time ({by}).", _ROLLOUT),
    "releases.policy_set": ("What releases of {product} must show was set.", "/products/{product}/policy"),
    "updates.owner_agreed": ("{device}: its owner agreed to {version} ({by}).", _DEVICE),
    "updates.owner_refused": ("{device}: its owner does not agree to {version} ({by}).", _DEVICE),
    "updates.manifest_doubted": ("{device}: what it signs about its software is in doubt: {reason}", _DEVICE),
    "updates.delta_stopped": ("A delta of {product} is no longer offered: {reason}", _RELEASES),
    "updates.update_postponed": ("{device}: its owner put {version} off.", _DEVICE),
    "devices.traits_changed": ("{device}: where it stands, its tags or its owner's wish changed.", _DEVICE),
    "products.end_announced": ("{product}: it was announced that support ends on {until}.", _PRODUCT),
    "products.end_papers_kept": ("{product}: support has ended; its last SBOM and VEX were kept.", _PRODUCT),
    "notices.owners_told_of_end": ("{product}: owners were told of the end ({stage}): {told} devices.", _PRODUCT),
    "updates.rollout_finished": ("The rollout of {product} {version} finished: {fixed} devices have it.", _ROLLOUT),
    "updates.rollout_halted": ("A rollout halted: {reason}", _ROLLOUT),
    "updates.rollout_resumed": ("A rollout was resumed: {reason}", _ROLLOUT),
    "updates.rollout_started": ("{product} {version} is on its way to {devices} devices.", _ROLLOUT),
    "updates.wave_opened": ("Wave {wave} of a rollout opened, for {devices} devices.", _ROLLOUT),
    "vulnerabilities.case_closed": ("A case closed: {fixed} of {exposed} exposed devices are fixed.", _CASE),
    "vulnerabilities.case_opened": ("{flaw} was found in {product}.", _CASE),
    "vulnerabilities.device_accounted": ("{device} is accounted for: {reason}", _CASE),
    "vulnerabilities.exploitation_heard": ("{flaw} in {product} is now exploited in the wild.", _CASE),
    "vulnerabilities.feed_failed": ("The feed {feed} could not be taken in: {reason}", "/vulnerabilities"),
    "vulnerabilities.feed_taken": ("The feed {feed} was taken in.", "/vulnerabilities"),
    "vulnerabilities.fix_found": ("{version} is free of a known flaw, says its SBOM.", _CASE),
    "vulnerabilities.judged": ("{flaw} in {product} was judged.", _CASE),
    "vulnerabilities.kernel_files_noted": ("{files} compiled files of a release's kernel were noted.", _RELEASE),
    "vulnerabilities.proposed": ("{flaw} in {product}: a decision waits for a second person.", _CASE),
    "vulnerabilities.release_matched": ("{product} {version} was looked up in the known flaws.", _RELEASE),
    "vulnerabilities.review_asked": ("A judgement is to be looked at again: {reason}", _CASE),
}
"""Event -> what it says of itself, and where to read on; both are forms over its fields."""

_TOGETHER: Mapping[str, str] = {
    "customer_data.refused": "Undeclared, wrong or unasked data was refused in {n} places.",
    "devices.enrolled": "{n} devices enrolled.",
    "devices.enrolment_refused": "Enrolment was refused {n} times.",
    "devices.quarantined": "{n} devices were quarantined.",
    "devices.renewed": "{n} devices renewed their certificates.",
    "devices.retired": "{n} devices were retired.",
    "devices.revoked": "The certificates of {n} devices were revoked.",
    "devices.traffic_refused": "Traffic was refused from {n} sources.",
    "monitoring.alert_raised": "{n} alerts were raised.",
    "releases.added": "{n} releases were added.",
    "releases.signed": "{n} releases were signed.",
    "updates.device_failed": "{n} devices did not take their update.",
    "updates.device_silent": "{n} devices were silent about their update.",
    "updates.device_updated": "{n} devices confirmed their new version.",
    "updates.drill_held": "{n} rehearsals held: devices refused bad updates, as they should.",
    "updates.rollout_finished": "{n} rollouts finished.",
    "vulnerabilities.case_closed": "{n} cases closed.",
    "vulnerabilities.case_opened": "{n} known flaws were found in our products.",
    "vulnerabilities.feed_taken": "{n} feeds of known flaws were taken in.",
}
_LISTS: Mapping[str, str] = {
    "customer_data": "/data",
    "devices": "/devices",
    "updates": "/releases",
    "releases": "/releases",
    "monitoring": "/detections",
    "vulnerabilities": "/vulnerabilities",
    "notices": "/notices",
    "obligations": "/reporting",
    "products": "/products",
    "suppliers": "/suppliers",
}
_WEIGHTY = frozenset(
    {
        "devices.quarantined", "devices.retired", "devices.revoked", "notices.advisory_published",
        "monitoring.alert_raised", "monitoring.quarantine_held",
        "obligations.clock_missed", "obligations.incident_noted", "obligations.report_submitted",
        "products.approved", "products.put_on_sale", "updates.device_failed", "updates.drill_failed",
        "updates.rollout_halted", "vulnerabilities.case_closed", "vulnerabilities.case_opened",
        "vulnerabilities.exploitation_heard", "vulnerabilities.feed_failed",
    }
)  # fmt: skip
TOLD_FIRST = (
    "monitoring.quarantine_held", "monitoring.alert_raised", "monitoring.alert_spread",
    "obligations.clock_missed", "obligations.incident_noted",
    "vulnerabilities.exploitation_heard", "vulnerabilities.case_opened", "vulnerabilities.review_asked",
    "vulnerabilities.proposed",
    "vulnerabilities.feed_failed", "updates.rollout_halted", "updates.drill_failed", "updates.key_drill_failed",
    "updates.metadata_expiring", "devices.quarantined",
    "updates.device_failed", "updates.device_silent", "vulnerabilities.case_closed", "notices.advisory_published",
    "obligations.report_submitted",
    "notices.owners_told", "updates.rollout_finished", "updates.device_updated", "updates.rollout_started",
    "releases.signed", "releases.added", "products.put_on_sale", "products.approved", "devices.revoked",
    "devices.retired", "devices.enrolled", "customer_data.refused", "devices.traffic_refused",
    "devices.enrolment_refused", "updates.drill_held", "vulnerabilities.feed_taken", "devices.renewed",
)  # fmt: skip
"""Kinds of events worth a sentence at the start of a day, the most pressing first."""


def says(entry: Entry) -> str:
    """Say in one plain sentence what an entry records."""
    form = _SAYS.get(entry.name)
    if form is None:
        return f"{entry.subject}: {entry.name.replace('.', ' ').replace('_', ' ')}."
    return _ended(form[0].format_map(_Said(entry.data)))


def line(entry: Entry) -> Line:
    """Return an entry as `ui.history` shows it."""
    form = _SAYS.get(entry.name)
    href = form[1].format_map(_Said(entry.data)) if form else ""
    # Traffic of strangers names no device: the slash goes, and the list is where one is led to.
    return Line(entry.seq, entry.at, entry.actor, says(entry), href.removesuffix("/"), entry.name in _WEIGHTY)


def told(entries: Sequence[Entry], most: int = 8) -> list[Line]:
    """Tell what happened in at most `most` sentences: entries of one kind together, the most pressing kinds first."""
    kinds: dict[str, list[Entry]] = {}
    for entry in entries:
        kinds.setdefault(entry.name, []).append(entry)
    return [_together(name, kinds[name]) for name in TOLD_FIRST if name in kinds][:most]


def ledger_size(world: World) -> int:
    """Return how many events there are: a page that shows it to `live.js` is brought up to date when it grows."""
    with world.look() as connection:
        return ledger.size(connection)


def history(world: World, subject: str, here: str, most: int = 50) -> list[Line]:
    """Return what happened to a subject, newest first; lines do not lead to `here`, where they are shown."""
    with world.look() as connection:
        lines = [line(entry) for entry in ledger.read(connection, subject=subject, limit=most, newest_first=True)]
    return [replace(one, href="") if one.href == here else one for one in lines]


def _together(name: str, entries: Sequence[Entry]) -> Line:
    latest = line(entries[-1])
    form = _TOGETHER.get(name)
    number = len({entry.subject for entry in entries}) if name.startswith("devices.") else len(entries)
    if form is None or number == 1:
        return latest
    href = _LISTS.get(name.split(".", 1)[0], "")
    return Line(latest.seq, latest.at, latest.by, form.format(n=words.count(number)), href, latest.weighty)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


class _Said(dict[str, Any]):
    """The fields of an event; one that an older entry lacks reads `?` rather than breaking the page."""

    def __missing__(self, key: str) -> str:
        return "?"
