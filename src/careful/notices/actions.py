"""What one may do with notices: draft, publish, tell the owners."""

import hashlib

from careful import devices, products, vulnerabilities
from careful.kernel.actors import Actor
from careful.kernel.clock import iso
from careful.kernel.errors import Invalid, Refused
from careful.kernel.work import World
from careful.notices import csaf, distribution, openpgp, plain_language, queries, store
from careful.notices.channels import mail
from careful.notices.events import AdvisoryDrafted, AdvisoryPublished, OwnersTold
from careful.notices.model import Advisory, advisory_id, default_action, default_summary, default_title

_LONGEST = 4000


def draft(
    world: World, actor: Actor, case_id: str, *, summary: str = "", action: str = "", title: str = ""
) -> Advisory:
    """Write (or write again) the advisory of a case that was judged affected. Words left out are filled in plainly.

    Raises Refused when the case is not judged affected, or its advisory is already public.
    """
    case = vulnerabilities.case(world, case_id)
    if case.status != "affected":
        raise Refused(
            f"{case.flaw} in {case.product} has not been judged affected.",
            do=f"Run: careful vuln judge {case_id} --status affected",
        )
    if max(len(summary), len(action), len(title)) > _LONGEST:
        raise Invalid(f"A notice's text may be {_LONGEST} characters long at most.", do="Shorten it.")
    if len(title.splitlines()) > 1:  # it becomes a mail's subject
        raise Invalid("A notice's title is one line.", do="Put the rest into the summary.", where="title")
    product = products.get(world, case.product)
    name = product.name
    with world.change(actor) as work:
        store.hold(work.connection)
        before, published_at = store.of_case(work.connection, case_id) or ("", None)
        if published_at:
            raise Refused(f"{before} is already public.", do=f"Run: careful notice show {before}")
        year = work.now.year
        number = store.next_number(work.connection, year)
        words = {
            "flaw": case.flaw,
            "product": case.product,
            "product_name": name,
            "model": product.models[0] if product.models else name,
            "title": title or default_title(name, case.flaw, case.fixed_in, planned=case.accepted_until is None),
            "summary": summary or default_summary(name, case.flaw, exploited=case.exploited),
            "action": action or default_action(name, case.fixed_in, planned=case.accepted_until is None),
            "severity": case.severity or "unknown",
            "exploited": case.exploited,
            "affected": sorted(case.releases),
            "fixed_in": case.fixed_in,
            "drafted_at": work.now,
        }
        name_of = before or advisory_id(year, number)
        row = words if before else {"year": year, "number": number, "case": case_id, **words}
        store.write_draft(work.connection, name_of, row, new=not before)
        work.record(AdvisoryDrafted(advisory=name_of, case=case_id, flaw=case.flaw, product=case.product))
    return queries.advisory(world, name_of)


def publish(world: World, actor: Actor, wanted: str) -> Advisory:
    """Make an advisory public in plain words and as CSAF. Publishing twice changes nothing.

    Raises Refused when its words are not fit for owners, naming what to mend.
    """
    one = queries.advisory(world, wanted)
    if one.published_at:
        return one
    reading = plain_language.read(one.summary, one.action, one.product_name)
    if reading.problems:
        raise Refused(
            f"{one.id} is not plain enough to publish: {' '.join(reading.problems)}",
            do=f"Run: careful notice draft {one.case} --summary … --action …",
        )
    settings = world.settings
    planned = vulnerabilities.case(world, one.case).accepted_until is None
    with world.change(actor) as work:
        url = distribution.base(settings.public_url) + distribution.path(one.id, work.now)
        content = csaf.encode(
            csaf.document(
                one, maker=settings.maker_name, namespace=settings.public_url, at=work.now, url=url, planned=planned
            )
        )
        digest = hashlib.sha256(content).hexdigest()
        proof = openpgp.signed(world, content)
        made = {
            "csaf": content.decode(),
            "csaf_sha256": digest,
            "signature": proof.signature,
            "signed_by": proof.fingerprint,
        }
        if store.mark_published(work.connection, one.id, work.now, made):
            store.keep_signing_key(work.connection, proof.fingerprint, proof.certificate, work.now)
            work.record(
                AdvisoryPublished(
                    advisory=one.id,
                    case=one.case,
                    flaw=one.flaw,
                    product=one.product,
                    fixed_in=one.fixed_in,
                    csaf_sha256=digest,
                )
            )
    return queries.advisory(world, one.id)


def tell_owners(world: World, actor: Actor, wanted: str) -> tuple[int, int]:
    """Write to the owner of every exposed device not written to yet; return (devices told now, unreachable).

    One owner gets one message per advisory, however many devices. Raises Refused before publication.
    """
    one = queries.advisory(world, wanted)
    if one.published_at is None:
        raise Refused(f"{one.id} is not public yet.", do=f"Run: careful notice publish {one.id}")
    exposed = {*vulnerabilities.ever_exposed(world, one.case), *vulnerabilities.exposed(world, one.case).devices}
    with world.look() as connection:
        exposed -= store.told_devices(connection, one.id)
    contacts = devices.owner_contacts(world, sorted(exposed))
    reached = {contact.device for contact in contacts}
    if one.told_at and not reached:
        return 0, len(exposed)
    with world.change(actor) as work:
        store.mark_told(work.connection, one.id, sorted(reached), work.now)
        for address, contact in sorted({one.email.strip().casefold(): one for one in reversed(contacts)}.items()):
            payload = {
                "to": contact.email,
                "subject": one.title,
                "body": letter(one, world.settings.public_url),
                "unsubscribe": contact.unsubscribe_token,
                "advisory": one.id,
                "at": iso(work.now),
            }
            work.post(mail.KIND, payload, key=f"{one.id}/{hashlib.sha256(address.encode()).hexdigest()[:32]}")
        work.record(
            OwnersTold(
                advisory=one.id,
                case=one.case,
                product=one.product,
                told=len(reached),
                unreachable=len(exposed - reached),
            )
        )
    return len(reached), len(exposed - reached)


def letter(one: Advisory, public_url: str) -> str:
    """Return the text of the message: what to do first, then why, then where to read more."""
    return (
        f"{one.product_name} ({one.model})\n\n"
        f"What to do\n{one.action}\n\n"
        f"Why\n{one.summary}\n\n"
        f"Read more: {public_url}/advisories/{one.id}\n"
    )
