"""Products: what we promise.

A product is declared once, in `product.yaml`; a blank field is *unknown*, never *no*. Every version is kept. What is
approved is in force: the gateway lets devices send what it names and nothing else, the laws that apply follow from it,
and so do retention, the network profile, the tests before launch and the public page. A support end that was promised
may move later, never earlier.
"""

from careful.products.actions import approve, declare, publish_page, put_on_sale
from careful.products.declaration import Declaration
from careful.products.laws import Answer, LawAnswer, judge
from careful.products.model import Declared, Product, Stage, Version, update_method
from careful.products.parsing import parse
from careful.products.permit import Denied, Permit, Stream, permit
from careful.products.queries import get, list_all, permit_of, text_of, versions
from careful.products.reading import MAX_BYTES, Unreadable

__all__ = [
    "declare",
    "approve",
    "publish_page",
    "put_on_sale",
    "get",
    "list_all",
    "versions",
    "text_of",
    "permit_of",
    "parse",
    "permit",
    "judge",
    "update_method",
    "Declaration",
    "Declared",
    "Product",
    "Version",
    "Stage",
    "Permit",
    "Stream",
    "Denied",
    "Answer",
    "LawAnswer",
    "Unreadable",
    "MAX_BYTES",
]
