"""A receipt for a request, as text that one can print and check: signed like the receipts of deletions."""

from datetime import datetime

from careful.customer_data.receipts import NAME, signed_receipt
from careful.customer_data.request_model import PROOFS, REQUEST_KINDS, Request
from careful.customer_data.request_proof import find_request
from careful.kernel import audit
from careful.kernel.checkpoint import sign_text
from careful.kernel.work import World


def signed_request(world: World, one: str) -> str:
    """Return how a request stands as a signed note; after a deletion the receipt of that follows. Raises NotFound."""
    found = find_request(world, one)
    note = sign_text(NAME, request_text(found, world.clock.now()), audit.signing_key(world))
    return f"{note}\n{signed_receipt(world, found.receipt)}" if found.receipt else note


def request_text(one: Request, now: datetime) -> str:
    """Write a request in words. Pure."""
    lines = [
        f"Request {one.id}, as of {_moment(now)}",
        f"Device {one.device} of product {one.product}. Its customer asked {REQUEST_KINDS[one.kind]}.",
        f"Received: {_moment(one.opened_at)}. To be answered by {_moment(one.due)} ({one.law}).",
    ]
    if one.extended_at:
        lines.append(f"Extended: at {_moment(one.extended_at)}, because: {one.extension}")
    if one.proven_at:
        note = f": {one.proof_note}" if one.proof_note else ""
        lines.append(f"Proven: at {_moment(one.proven_at)}, {PROOFS[one.proof]}{note}.")
    else:
        lines.append("Proven: not yet. Nothing was handed out or changed.")
    lines += _outcome(one, now)
    return "".join(f"{line}\n" for line in lines)


def _outcome(one: Request, now: datetime) -> list[str]:
    if one.closed_at is None:
        return [f"Open{'; overdue' if now > one.due else ''}."]
    late = " This was after its time." if one.late else ""
    if one.outcome == "refused":
        return [f"Refused: at {_moment(one.closed_at)}, because: {one.reason}.{late}"]
    done = {
        "delete": f"The customer's time ended; receipt {one.receipt} says what is gone, and follows.",
        "correct": "What the customer says is right is kept beside the reading, and handed out with it.",
    }.get(
        one.kind,
        f"A file of {one.records} reading{'s' if one.records != 1 else ''}, {one.size} bytes, SHA-256 {one.digest}.",
    )
    lines = [f"Answered: at {_moment(one.closed_at)}. {done}{late}"]
    if one.kind in {"access", "export"}:
        fetch = f"It can be fetched until {_moment(one.expires_at)}." if one.expires_at else "It was removed since."
        lines.append(fetch)
    return lines


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
