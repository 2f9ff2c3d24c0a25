"""Duties to report: whom the law wants told, by when, and what is still owed.

An exploited vulnerability in a product, or a severe incident, is a matter. Its clocks are data (`duties.toml`, after
Article 14 of Regulation (EU) 2024/2847), planned by a pure function from what was noted: since when the maker knew,
since when a measure is available, what was submitted. Notes are added, never changed, and no clock moves later.
Drafts are filled from what is known. Careful submits nothing by itself.
"""

from careful.obligations.actions import aware, dismiss, drill, incident, measure, note_clocks, submitted
from careful.obligations.drafts import NOT_SENT, Draft
from careful.obligations.model import KINDS, LONGEST, LONGEST_TEXT, Clock, Entry, Kind, Matter
from careful.obligations.pressing import Pressing, pressing, standing, urgency
from careful.obligations.queries import draft, matter, matters, next_clock, text_of

__all__ = [
    "KINDS",
    "LONGEST",
    "LONGEST_TEXT",
    "NOT_SENT",
    "Clock",
    "Draft",
    "Entry",
    "Kind",
    "Matter",
    "Pressing",
    "aware",
    "dismiss",
    "draft",
    "drill",
    "incident",
    "matter",
    "matters",
    "measure",
    "next_clock",
    "note_clocks",
    "pressing",
    "standing",
    "submitted",
    "text_of",
    "urgency",
]
