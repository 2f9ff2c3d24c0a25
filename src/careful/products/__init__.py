"""Products: what we promise.

A product is declared once, in `product.yaml`; a blank field is *unknown*, never *no*. Every version is kept. What is
approved is in force: the gateway lets devices send what it names and nothing else, the laws that apply follow from it,
and so do retention, the network profile, the tests before launch and the public page. A support end that was promised
may move later, never earlier.
"""

from careful.products.actions import approve, declare, publish_page, put_on_sale
from careful.products.declaration import Declaration
from careful.products.derive import Derived, Requirement, RetentionJob, derive
from careful.products.ending import (
    SOON,
    STAGES,
    announce_end,
    ending,
    endings,
    keep_papers,
    last_vex,
    note_told,
)
from careful.products.fields import Consent, FieldRule, rules_of, shown
from careful.products.flows import DataItem, Rate
from careful.products.handed_out import handed_out
from careful.products.json_schema import published as json_schema
from careful.products.launch import LaunchTest
from careful.products.laws import Answer, LawAnswer, judge
from careful.products.lint import Finding, Report, check, lint, not_read
from careful.products.lint_table import RULES
from careful.products.model import Declared, Ending, Product, Stage, Version, update_method
from careful.products.mud import Way, mud, mud_url, ways
from careful.products.pack import laws_pack
from careful.products.page import DataRow
from careful.products.parsing import parse
from careful.products.permit import (
    BUILT_IN,
    KINDS,
    NOBODY,
    Checked,
    Denied,
    Permit,
    Policy,
    Stream,
    consent_word,
    permit,
    plain_stream,
)
from careful.products.queries import get, handed_out_without, list_all, permit_at, permit_of, text_of, versions
from careful.products.reading import MAX_BYTES, Unreadable
from careful.products.sarif import sarif
from careful.products.template import Answers, slug
from careful.products.template import write as write_template

__all__ = [
    "handed_out",
    "handed_out_without",
    "announce_end",
    "ending",
    "endings",
    "keep_papers",
    "last_vex",
    "note_told",
    "Ending",
    "SOON",
    "STAGES",
    "declare",
    "approve",
    "publish_page",
    "put_on_sale",
    "get",
    "list_all",
    "versions",
    "text_of",
    "permit_of",
    "laws_pack",
    "permit_at",
    "plain_stream",
    "consent_word",
    "ways",
    "parse",
    "permit",
    "judge",
    "derive",
    "mud",
    "mud_url",
    "check",
    "lint",
    "not_read",
    "sarif",
    "json_schema",
    "write_template",
    "slug",
    "update_method",
    "Declaration",
    "Declared",
    "Product",
    "Version",
    "Stage",
    "Permit",
    "Stream",
    "Denied",
    "Checked",
    "Policy",
    "Consent",
    "FieldRule",
    "DataItem",
    "rules_of",
    "shown",
    "Rate",
    "KINDS",
    "BUILT_IN",
    "NOBODY",
    "Answer",
    "LawAnswer",
    "Derived",
    "Requirement",
    "RetentionJob",
    "LaunchTest",
    "DataRow",
    "Way",
    "Finding",
    "Report",
    "Answers",
    "RULES",
    "Unreadable",
    "MAX_BYTES",
]
