"""Customers' data: sealed before it is stored, read by purpose, kept no longer than promised, gone when it should be.

A *customer* is one person's, or household's, time with one device. They have a key of their own; every personal field
of what the device says is sealed with it in the gateway, before the message reaches any disk. Customers' keys are
wrapped under the key of an *epoch*, which no backup holds. Ending a customer's time destroys their key at once, and the
end of the epoch makes every older copy of it useless too.
"""

from careful.customer_data.actions import key_of
from careful.customer_data.break_glass import (
    GLASS_CUSTOMERS,
    Excess,
    Glass,
    GlassTold,
    break_glass,
    end_glass,
    excess_told,
    excesses,
    find_glass,
    glasses,
    glasses_seen,
    open_records,
)
from careful.customer_data.consent import CHANGES as CONSENT_CHANGES
from careful.customer_data.consent import Consent, consent_words, consents_asked, consents_of, end_consents, note_began
from careful.customer_data.consent import Kind as ConsentKind
from careful.customer_data.consent import give as give_consent
from careful.customer_data.consent import withdraw as withdraw_consent
from careful.customer_data.deidentified import (
    Copy,
    Measured,
    Released,
    deidentified_sets,
    note_copy,
    release_deidentified,
    seal_planted,
    whose_copy,
)
from careful.customer_data.deidentify import CAUTIONS
from careful.customer_data.ending import EXPORTED, Retirement, Sweeper, end_customer, reset, transfer, transfer_in
from careful.customer_data.epoch_keys import FOLDER, EpochKeys, epoch_keys
from careful.customer_data.held import HeldStream, Opening, held, openings, own_readings, time_began
from careful.customer_data.holders import GONE_AFTER, HOLD_SECONDS, LAPSE_SECONDS, end_holding, hold, let_go
from careful.customer_data.intake import (
    OTHERS,
    PLACES_MOST,
    ObservedField,
    RefusedField,
    Stopped,
    count_observed,
    count_stopped,
    observed_fields,
    refused_devices,
    refused_fields,
    tell_intake,
)
from careful.customer_data.model import GRACE, WORDS, Customer, Epoch, Receipt, Release, Why
from careful.customer_data.moving import Feed, Mover, make_days
from careful.customer_data.proving import Find, Proof, prove_deletion
from careful.customer_data.purposes import purposes_of
from careful.customer_data.queries import customers_of, epochs
from careful.customer_data.reading import BULK_TIME, READ_MOST, Answer, BulkRead, Reading, bulk_reads, read
from careful.customer_data.receipts import receipt, receipt_verifier, receipts, signed_receipt
from careful.customer_data.records import Expiry, InboxRecords, Oldest, Records, Row, Swept
from careful.customer_data.records_postgres import PostgresRecords
from careful.customer_data.remembered import Used, first_counted, forget_remembered, note_used, used_by
from careful.customer_data.request_clock import Deadline, deadline
from careful.customer_data.request_export import FETCH_WITHIN, export_requested, fetch_export, remove_exports
from careful.customer_data.request_model import PROOFS, REQUEST_KINDS, Request, RequestKind
from careful.customer_data.request_overdue import overdue_requests, tell_overdue
from careful.customer_data.request_proof import (
    challenge,
    find_request,
    prove_by_claim,
    prove_by_code,
    prove_by_signature,
    prove_by_staff,
    request_handlers,
    send_code,
)
from careful.customer_data.request_receipts import signed_request
from careful.customer_data.requests import (
    correct_requested,
    delete_requested,
    extend_request,
    open_request,
    refuse_request,
    requests_of,
)
from careful.customer_data.retention import Age, Retention, ages, longest_kept
from careful.customer_data.rotation import epochs_at_fault, give_up_keys, turn_epochs
from careful.customer_data.sealing import DataKey, NotOpened, SealedRecord, is_sealed, plain_fields, read_sealed, seal
from careful.customer_data.stores import bring_home, records_of
from careful.customer_data.table import FieldRow, ItemRow, data_item, data_table, pinned_away
from careful.customer_data.use import UNREAD, LoggedRead, Use, measure_use, reads, tell_reads, unread, uses

__all__ = [
    # whose, and under which key
    "Customer", "Why", "Epoch", "key_of", "customers_of", "epochs", "EpochKeys", "epoch_keys", "FOLDER",
    "turn_epochs", "give_up_keys", "epochs_at_fault",
    # the end of their time
    "end_customer", "transfer", "transfer_in", "reset", "Retirement", "Sweeper", "EXPORTED", "WORDS", "GRACE",
    "prove_deletion", "Proof", "Find",
    "hold", "let_go", "end_holding", "HOLD_SECONDS", "LAPSE_SECONDS", "GONE_AFTER",
    "Receipt", "Release", "receipt", "receipts", "signed_receipt", "receipt_verifier",
    # what customers ask for
    "Request", "RequestKind", "REQUEST_KINDS", "PROOFS", "Deadline", "deadline", "open_request", "find_request",
    "requests_of", "extend_request", "refuse_request", "send_code", "prove_by_code", "prove_by_signature",
    "prove_by_staff", "prove_by_claim",
    "challenge", "request_handlers", "export_requested", "fetch_export", "remove_exports",
    "FETCH_WITHIN", "correct_requested", "delete_requested", "signed_request", "overdue_requests", "tell_overdue",
    # for others, without persons
    "release_deidentified", "Released", "whose_copy", "Copy", "CAUTIONS", "note_copy",
    "deidentified_sets", "Measured", "seal_planted",
    # the form at rest
    "DataKey", "seal", "SealedRecord", "is_sealed", "read_sealed", "plain_fields", "NotOpened",
    # who agreed to what
    "Consent", "ConsentKind", "give_consent", "withdraw_consent", "end_consents", "consents_of", "consent_words",
    "consents_asked", "note_began", "CONSENT_CHANGES",
    # what was taken and refused at the door
    "Stopped", "RefusedField", "ObservedField", "count_stopped", "count_observed", "tell_intake", "refused_fields",
    "first_counted", "Used", "note_used", "used_by", "forget_remembered",
    "observed_fields", "refused_devices", "OTHERS", "PLACES_MOST",
    # what is declared, beside what is seen
    "ItemRow", "FieldRow", "data_table", "data_item", "pinned_away",
    # what the customer sees of it
    "held", "HeldStream", "openings", "Opening", "own_readings", "time_began",
    # in an emergency
    "break_glass", "Glass", "open_records", "end_glass", "find_glass", "glasses", "glasses_seen", "excesses", "Excess",
    "excess_told", "GlassTold", "GLASS_CUSTOMERS",
    # reading, and who did
    "read", "Answer", "Reading", "READ_MOST", "BULK_TIME", "BulkRead", "bulk_reads",
    "purposes_of", "reads", "LoggedRead", "tell_reads",
    "uses", "Use", "unread", "UNREAD", "measure_use",
    # where records lie
    "Records", "Row", "Oldest", "Expiry", "Swept", "InboxRecords",
    "records_of", "bring_home", "Retention", "longest_kept", "ages", "Age",
    "PostgresRecords", "Mover", "Feed", "make_days",
]  # fmt: skip
