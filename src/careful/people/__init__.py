"""People: who acts. Staff accounts and their factors, sessions, roles, one-time links and API tokens.

Nobody exists at first: `first_link` prints the one address with which the first administrator gets in. Whoever redeems
a link sets a passkey, or a password with TOTP, before anything else opens. `roles` is the one table of rights; console
sessions and API tokens are asked through it. The ledger knows people by a random id, never by name or address.
"""

from careful.people.access import end_access
from careful.people.actions import change_roles, disable
from careful.people.approvals import agree, approval_of, approvals, ask, done_alone, lapse, may_alone, refuse, settle
from careful.people.attempts import attempts_at
from careful.people.attempts import untold as untold_attempts
from careful.people.auditors import box_auditors
from careful.people.events import AttemptsTold
from careful.people.factors import (
    Authenticator,
    Enrolled,
    authenticator,
    begin_passkey,
    choose_password,
    confirm_totp,
    finish_passkey,
    remove_passkey,
    rename_passkey,
    renew_recovery_codes,
)
from careful.people.identities import Finished, Identity, Purpose, identities_of, is_offered, unlink
from careful.people.identities import begin as begin_identity
from careful.people.identities import finish as finish_identity
from careful.people.identity_provider import BACK as IDENTITY_BACK
from careful.people.issuers import Issuers
from careful.people.limits import Limit, source_of, wait
from careful.people.links import LINK_MINUTES, first_link, invite, known_roles, recovery_link, redeem
from careful.people.model import WARN_BEFORE, Account, Link, Passkey, Session, Token, Trust
from careful.people.passkeys import ANSWER_BYTES, Site, site_of
from careful.people.pending import KINDS, LAPSE, Kind, Pending, digest_of, objection
from careful.people.queries import (
    account,
    account_of,
    anyone,
    ending_tokens,
    list_accounts,
    list_tokens,
    list_trusts,
    names,
    passkeys_of,
    person_behind,
    roles_of,
    sessions_of,
    waiting_link,
)
from careful.people.right_words import ROLE_SAYS, as_markdown
from careful.people.right_words import rows as right_rows
from careful.people.roles import ROLES, VERBS, all_scopes, allowed, as_text, scopes_of
from careful.people.sessions import (
    KNOWN_BROWSER_DAYS,
    Door,
    Entrance,
    actor_of,
    end_all_sessions,
    end_other_sessions,
    end_session,
    find,
    has_recent_proof,
    need_recent_proof,
    sign_out,
    sweep,
)
from careful.people.signin import (
    begin_passkey_sign_in,
    prove_by_passkey,
    prove_by_password,
    sign_in,
    sign_in_by_passkey,
)
from careful.people.token_form import PATTERN as TOKEN_PATTERN
from careful.people.token_form import is_token
from careful.people.tokens import (
    MAX_DAYS,
    actor_of_token,
    end_tokens_in,
    issue_token,
    keep_to_product,
    revoke_token,
    sweep_tokens,
)
from careful.people.trusts import Exchanged, end_trust, exchange, make_trust
from careful.people.weighty import PROOF_MINUTES, WEIGHTY, weighs
from careful.people.workload import JOB_SCOPES, MOST_MINUTES

__all__ = [
    # links, accounts
    "LINK_MINUTES",
    "Account",
    "Link",
    "account",
    "account_of",
    "anyone",
    "change_roles",
    "disable",
    "end_access",
    "first_link",
    "invite",
    "list_accounts",
    "names",
    "recovery_link",
    "redeem",
    "waiting_link",
    "known_roles",
    # two people
    "KINDS",
    "LAPSE",
    "Kind",
    "Pending",
    "agree",
    "approval_of",
    "approvals",
    "ask",
    "digest_of",
    "done_alone",
    "lapse",
    "may_alone",
    "objection",
    "refuse",
    "settle",
    # factors
    "ANSWER_BYTES",
    "Authenticator",
    "Enrolled",
    "Passkey",
    "Site",
    "authenticator",
    "begin_passkey",
    "choose_password",
    "confirm_totp",
    "finish_passkey",
    "passkeys_of",
    "remove_passkey",
    "rename_passkey",
    "renew_recovery_codes",
    "site_of",
    # identities elsewhere
    "IDENTITY_BACK",
    "Finished",
    "Identity",
    "Purpose",
    "begin_identity",
    "finish_identity",
    "identities_of",
    "is_offered",
    "unlink",
    # signing in, sessions
    "KNOWN_BROWSER_DAYS",
    "PROOF_MINUTES",
    "WEIGHTY",
    "Door",
    "Entrance",
    "Session",
    "AttemptsTold",
    "actor_of",
    "attempts_at",
    "untold_attempts",
    "begin_passkey_sign_in",
    "end_all_sessions",
    "end_other_sessions",
    "end_session",
    "find",
    "has_recent_proof",
    "need_recent_proof",
    "prove_by_passkey",
    "prove_by_password",
    "sessions_of",
    "sign_in",
    "sign_in_by_passkey",
    "sign_out",
    "Limit",
    "source_of",
    "wait",
    "sweep",
    "weighs",
    # rights, tokens
    "MAX_DAYS",
    "ROLES",
    "ROLE_SAYS",
    "as_markdown",
    "box_auditors",
    "right_rows",
    "VERBS",
    "Token",
    "actor_of_token",
    "all_scopes",
    "allowed",
    "as_text",
    "issue_token",
    "revoke_token",
    "list_tokens",
    "ending_tokens",
    "end_tokens_in",
    "person_behind",
    "is_token",
    "keep_to_product",
    "sweep_tokens",
    "TOKEN_PATTERN",
    "WARN_BEFORE",
    # CI jobs
    "JOB_SCOPES",
    "MOST_MINUTES",
    "Exchanged",
    "Issuers",
    "Trust",
    "end_trust",
    "exchange",
    "list_trusts",
    "make_trust",
    "scopes_of",
    "roles_of",
]
