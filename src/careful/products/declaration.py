"""The whole declaration of a product, as `product.yaml` holds it: one typed, frozen value.

Section by section it answers what a regulator, a buyer and the gateway ask. Cross-references (a data item's feature,
an edge's data) are judged by the linter; here stands only what makes a file a declaration at all.
"""

from typing import Annotated, Literal

from pydantic import Field

from careful.products.flows import DataItem, Element, EventItem, Journey, Supplier
from careful.products.surface import Connectivity, Hardware, Interface, Names, Software, Support
from careful.products.vocabulary import MAX_ITEMS, Count, Day, Id, Market, Name, Part, ProductId, Text, Years

SCHEMA = "product/1"
BUILT_IN_EVENTS = ("offline", "update")
"""Events every device may send: its last will, and what became of an update."""
CONNECTIONS = "connections"
"""Another: whom it talks with, as its agent sees it. Whoever declares an event of this name means their own."""
RESET = "reset"
"""One more: it was reset to how it left the factory, so its customer's time is over. Whoever declares an event of this
name has one of their own, which ends nothing."""

Regulated = Literal["medical_device", "vehicle", "aviation", "marine", "ev_charger", "smart_meter", "computer"]


class ProductPart(Part):
    """What the product is."""

    id: ProductId
    name: Name | None = None
    models: Names | None = None
    """Model names exactly as printed on the label."""
    category: (
        Literal[
            "camera",
            "lock",
            "toy",
            "wearable",
            "childcare",
            "router",
            "hub",
            "appliance",
            "sensor",
            "medical",
            "industrial",
            "other",
        ]
        | None
    ) = None
    regulated_as: Annotated[tuple[Regulated, ...], Field(max_length=MAX_ITEMS)] | None = None
    """Kinds of product with a security law of their own; `[]` when it is none of them."""
    intended_use: Text | None = None
    foreseeable_misuse: Annotated[tuple[Text, ...], Field(max_length=MAX_ITEMS)] | None = None
    placed_on_market: Day | None = None
    expected_life_years: Years | None = None
    units_sold: Count | None = None


class Audience(Part):
    """Whom it is for, and who really uses it."""

    consumer: bool | None = None
    child_directed: bool | None = None
    actual_knowledge_child: bool | None = None
    """The maker knows that children under 13 use it."""
    vulnerable: Names | None = None
    """People who need more care: older people, people under someone's control, patients."""
    sold_to_healthcare: bool | None = None
    health_from_several_sources: bool | None = None
    """It can draw health information from more than one source."""
    federal_buyer: bool | None = None


class Claim(Part):
    """Something the maker says about the product in public."""

    text: Text | None = None
    where: Name | None = None
    kind: Literal["security", "privacy", "medical", "support", "other"] | None = None
    evidence: Names | None = None
    """Tests that show it."""


class Environment(Part):
    """Where software and keys live; live and test must not mix."""

    id: Id
    hosts: Names | None = None
    keys: Names | None = None
    """Fingerprints."""


class Accountable(Part):
    """Who answers for it."""

    executive: Name | None = None
    product_owner: Name | None = None
    psirt: Name | None = None
    signature: Name | None = None


class ContactPart(Part):
    """Where people reach the maker."""

    security: Name | None = None
    customer: Name | None = None
    postal: Text | None = None


class Declaration(Part):
    """`product.yaml`: everything else is derived from it, enforced by it or compared with it."""

    format: Literal["product/1"] = Field(alias="schema")
    product: ProductPart
    markets: Annotated[tuple[Market, ...], Field(max_length=MAX_ITEMS)] | None = None
    audience: Audience | None = None
    claims: Annotated[tuple[Claim, ...], Field(max_length=MAX_ITEMS)] | None = None
    support: Support | None = None
    connectivity: Connectivity | None = None
    interfaces: Annotated[tuple[Interface, ...], Field(max_length=MAX_ITEMS)] | None = None
    hardware: Hardware | None = None
    software: Software | None = None
    ecosystem: Annotated[tuple[Element, ...], Field(max_length=MAX_ITEMS)] | None = None
    data: Annotated[tuple[DataItem, ...], Field(max_length=MAX_ITEMS)] | None = None
    events: Annotated[tuple[EventItem, ...], Field(max_length=MAX_ITEMS)] | None = None
    suppliers: Annotated[tuple[Supplier, ...], Field(max_length=MAX_ITEMS)] | None = None
    journeys: Annotated[tuple[Journey, ...], Field(max_length=MAX_ITEMS)] | None = None
    environments: Annotated[tuple[Environment, ...], Field(max_length=MAX_ITEMS)] | None = None
    accountable: Accountable | None = None
    contact: ContactPart | None = None

    @property
    def id(self) -> str:
        """Return the product's id."""
        return self.product.id

    @property
    def name(self) -> str:
        """Return the product's name, or its id while it has none."""
        return self.product.name or self.product.id
