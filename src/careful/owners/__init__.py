"""Owners: whose a device is, proven by the code on the unit and by a link to an e-mail address; no account.

An owner is not staff: they have a session of their own at the public pages, and reach what is theirs and nothing else.
A claim stands while the owner's address is the device's contact (`devices.owner_contacts`): whatever erases that, a
transfer, a message that is unsubscribed from, the staff, ends the claim at once. What is shown and done across domains
is in `workflows/ownership.py`.
"""

from careful.owners.actions import end_claim, end_claim_in, make_codes
from careful.owners.links import ask_claim, ask_link, claim_more, link_handlers, redeem
from careful.owners.model import CODES_AT_ONCE, LINK_LIVES, SESSION_LIVES, Claim, Code, Session, Why, read_code
from careful.owners.queries import claim_of, claims, stale
from careful.owners.sessions import end_visit, find_session, sweep

__all__ = [
    # the code on a unit
    "Code", "make_codes", "read_code", "CODES_AT_ONCE",
    # coming in
    "ask_claim", "ask_link", "claim_more", "redeem", "link_handlers", "LINK_LIVES",
    "Session", "SESSION_LIVES", "find_session", "end_visit", "sweep",
    # what is whose
    "Claim", "Why", "claims", "claim_of", "stale", "end_claim", "end_claim_in",
]  # fmt: skip
