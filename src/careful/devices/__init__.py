"""Devices: what is out there. Identity, certificates, ownership, state.

A device is made by the maker (a one-time token), enrols with a key of its own (EST, RFC 7030), becomes active with the
first use of its certificate, renews it at two thirds of its life, may be quarantined and restored, and is retired in
the end. Whoever connects is looked up here by the digest of its certificate, every time; what is revoked or quarantined
is refused at the next request, and gateways that poll `cut_list` end live connections within a second or two.

Other domains learn what happened from the ledger (`events.py`), and ask here which devices run which version.
"""

from careful.devices.access import CREDENTIALS, INTERFACES, record_probe, unprobed
from careful.devices.actions import (
    note_version,
    product_of,
    quarantine,
    report_version,
    restore,
    retire,
    revoke,
    runs,
    seen,
)
from careful.devices.authority import (
    AuthorityStatus,
    authority_bundle_path,
    authority_chain,
    authority_status,
    crl,
    export_root,
    import_root,
    issue_server_certificate,
    sign_file,
)
from careful.devices.certificates import REQUEST_BYTES, chain_cms
from careful.devices.crashes import crashes, report_crashes
from careful.devices.enrolment import enrol, re_enrol
from careful.devices.gateway_tokens import (
    MOST_ROOM,
    gateway_tokens,
    identify_by_gateway_token,
    make_gateway_token,
    revoke_gateway_token,
)
from careful.devices.identity import identify, identify_by_proxy, identify_by_token, set_target_token
from careful.devices.live import lock_live
from careful.devices.model import (
    CONSENTS,
    DEVICE_ID,
    STATES,
    Certificate,
    Consent,
    Contact,
    Crashed,
    Cut,
    Device,
    Fleet,
    GatewayToken,
    Identity,
    NewToken,
    Probe,
    Refusal,
    RefusalCount,
    SortBy,
    State,
    Traits,
    connects,
)
from careful.devices.owners import (
    clean_address,
    forget_contact,
    forget_owner,
    note_contact,
    owner_contacts,
    set_owner,
    unsubscribe,
)
from careful.devices.queries import (
    TAKEN_OVER,
    all_of,
    certificates_of,
    count_by_version,
    count_seen,
    cut_list,
    fleet_summary,
    get,
    keys_of,
    last_cut,
    list_devices,
    named,
    on_versions,
    probes,
    refusals,
    refused_since,
    seen_after,
)
from careful.devices.refused import record_refusals, tell_refusals
from careful.devices.tokens import TOKENS_AT_ONCE, make_tokens
from careful.devices.traits import set_traits, traits, traits_of

__all__ = [
    # what there is
    "Device", "Identity", "Certificate", "NewToken", "State", "STATES", "SortBy", "DEVICE_ID", "connects",
    "Fleet", "Cut", "Refusal", "RefusalCount", "Contact", "Probe", "AuthorityStatus",
    # being born, and proving it
    "make_tokens", "TOKENS_AT_ONCE", "enrol", "re_enrol", "REQUEST_BYTES",
    "identify", "identify_by_token", "set_target_token", "identify_by_proxy", "GatewayToken", "MOST_ROOM",
    "make_gateway_token", "gateway_tokens", "revoke_gateway_token", "identify_by_gateway_token",
    # the authorities
    "authority_chain", "authority_bundle_path", "authority_status", "issue_server_certificate", "crl", "chain_cms",
    "sign_file", "export_root", "import_root",
    # a life
    "lock_live", "quarantine", "restore", "revoke", "retire", "report_version", "note_version", "runs", "seen",
    "keys_of", "product_of",
    "cut_list", "last_cut",
    # what was refused
    "record_refusals", "tell_refusals", "refusals", "refused_since", "TAKEN_OVER",
    "record_probe", "probes", "unprobed", "INTERFACES", "CREDENTIALS",
    # what else is known
    "Traits", "Consent", "CONSENTS", "set_traits", "traits", "traits_of", "Crashed", "crashes", "report_crashes",
    # asking
    "get", "list_devices", "named", "all_of", "certificates_of", "on_versions", "count_by_version", "count_seen",
    "fleet_summary", "seen_after",
    # people to tell
    "set_owner", "note_contact", "clean_address", "forget_owner", "forget_contact", "owner_contacts", "unsubscribe",
]  # fmt: skip
