"""The public data table: what is collected, why, who gets it, how long it is kept, in words a person can read.

The rows come from the declaration alone, so the page cannot say anything else than what the gateway enforces.
"""

from dataclasses import dataclass

from careful.products.declaration import Declaration
from careful.products.flows import DataItem

UNKNOWN = "not stated"
_KINDS = {
    "video_home": "pictures of your home",
    "audio": "sound",
    "location": "where you are",
    "health": "your health",
    "biometric": "your body's features",
    "child": "a child",
    "credential": "secrets to sign in",
    "payment": "payments",
    "contact": "how to reach you",
    "diagnostics": "how the device is doing",
    "usage": "how you use the device",
    "settings": "your settings",
    "state": "what the device is doing",
    "other": "something else",
}


@dataclass(frozen=True, slots=True)
class DataRow:
    """One kind of data as an owner reads it."""

    id: str
    about: str
    fields: tuple[str, ...]
    why: str
    about_you: str
    who: str
    kept: str
    protected: str

    def as_dict(self) -> dict[str, str | list[str]]:
        """Return the row as JSON values."""
        return {
            "id": self.id,
            "about": self.about,
            "fields": list(self.fields),
            "why": self.why,
            "about_you": self.about_you,
            "who": self.who,
            "kept": self.kept,
            "protected": self.protected,
        }


def public_rows(declaration: Declaration) -> tuple[DataRow, ...]:
    """Return the table; what is blank reads *not stated*."""
    return tuple(_row(item) for item in declaration.data or ())


def _row(item: DataItem) -> DataRow:
    days = item.retention.days if item.retention else None
    return DataRow(
        id=item.id,
        about=_KINDS[item.data_class] if item.data_class else UNKNOWN,
        fields=item.fields or (),
        why=", ".join(item.purpose) if item.purpose else UNKNOWN,
        about_you=_about_you(item),
        who=UNKNOWN if item.recipients is None else ", ".join(item.recipients) or "nobody else",
        kept=UNKNOWN if days is None else "not kept" if days == 0 else "1 day" if days == 1 else f"{days} days",
        protected=_protected(item),
    )


def _about_you(item: DataItem) -> str:
    """Say whether it is about the owner; of an item that is not, a single field may be."""
    by_themselves = [name for name, one in (item.details or {}).items() if one.personal]
    if item.personal is False and by_themselves:
        return f"in part: {', '.join(by_themselves)}"
    return {True: "yes", False: "no", None: UNKNOWN}[item.personal]


def _protected(item: DataItem) -> str:
    said = [f"{where} {how}" for where, how in (("stored:", item.at_rest), ("sent:", item.in_transit)) if how]
    return "; ".join(said) or UNKNOWN
