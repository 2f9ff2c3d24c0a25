"""Is this text fit for an owner? Flesch-Kincaid grade, sentence length, jargon, one action; pure, English only.

The grade is 0.39 x words/sentences + 11.8 x syllables/words - 15.59 (Kincaid 1975). Versions, ids, addresses and
model names count as one short word, because nobody stumbles over them as prose. Grade alone can be gamed, so several
cheap facts must hold together.
"""

import re
from dataclasses import dataclass

GRADE_LIMIT = 8.0
LONGEST_SENTENCE = 25
JARGON = {
    "toctou": "a timing trick",
    "buffer overflow": "a memory fault",
    "heap": "memory",
    "stack-based": "memory",
    "remote code execution": "someone could take it over",
    "rce": "someone could take it over",
    "privilege escalation": "someone could get more rights",
    "denial of service": "someone could make it stop",
    "arbitrary code": "any program",
    "payload": "message",
    "exploit": "attack",
    "vulnerability": "security flaw",
    "mitigation": "protection",
    "firmware": "software",
    "authentication": "sign-in",
    "cve": "the number of the flaw, in brackets",
}
MARKETING = ("lifetime", "military-grade", "unbreakable", "bank-grade", "continuous updates", "% off", "upgrade to our")

_ID = re.compile(
    r"\((?:CVE|GHSA|PYSEC|OSV)-[^)]*\)"
    r"|https?://\S+"
    r"|\b(?:CVE|GHSA|PYSEC|OSV)-[\w-]+"
    r"|\b[A-Z]{1,4}-?\d+\w*"
    r"|\b\d+(?:\.\d+)+(?:[-+]\w+)*"
)
_SENTENCE = re.compile(r"[.!?]+(?:\s+|$)|\n+")
_WORD = re.compile(r"[A-Za-z][A-Za-z'\u2019-]*|\d+")
_SILENT = re.compile(r"(?:[^laeiouy]es|[^laeiouytd]ed|[^laeiouy]e)$")
_EXCEPTIONS = {"device": 2, "devices": 3, "software": 2, "someone": 2, "security": 4, "camera": 3, "cameras": 3}


@dataclass(frozen=True, slots=True)
class Reading:
    """How a text reads: the school grade, the longest sentence in words, and what to mend."""

    grade: float
    longest: int
    problems: tuple[str, ...]


def syllables(word: str) -> int:
    """Estimate the syllables of an English word by its vowel groups; exact for the words in the exception list."""
    low = word.lower().strip("'\u2019-")
    if low in _EXCEPTIONS:
        return _EXCEPTIONS[low]
    trimmed = _SILENT.sub("", low)
    groups = re.findall(r"[aeiouy]+", trimmed)
    return max(1, len(groups))


def sentences(text: str) -> list[list[str]]:
    """Split into sentences of words; a list item is a sentence, an id is one short word."""
    plain = _ID.sub(" it ", text)
    return [words for part in _SENTENCE.split(plain) if (words := _WORD.findall(part))]


def grade(text: str) -> float:
    """Return the Flesch-Kincaid grade of the text, 0 for an empty one."""
    parts = sentences(text)
    words = [word for part in parts for word in part]
    if not words:
        return 0.0
    return round(0.39 * len(words) / len(parts) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59, 1)


def read(summary: str, action: str, product_name: str) -> Reading:
    """Check what an owner will read: why (`summary`) and the one thing to do (`action`)."""
    text = f"{summary}\n{action}"
    level = grade(text)
    longest = max((len(part) for part in sentences(text)), default=0)
    problems = []
    if level > GRADE_LIMIT:
        problems.append(f"Reads at grade {level:g}; limit {GRADE_LIMIT:g}. Use shorter words and sentences.")
    if longest > LONGEST_SENTENCE:
        problems.append(f"Longest sentence {longest} words; limit {LONGEST_SENTENCE}. Split it.")
    low = _ID.sub(" ", text).lower()
    problems += [
        f"'{word}' is not for customers; say '{plain}'."
        for word, plain in JARGON.items()
        if re.search(rf"\b{word}\b", low)
    ]
    problems += [f"'{word}' sells; security messages carry nothing to buy." for word in MARKETING if word in low]
    if not action.strip():
        problems.append("The advisory has no 'what to do' line.")
    if product_name.lower() not in text.lower():
        problems.append(f"It never says '{product_name}', the name on the box.")
    return Reading(level, longest, tuple(problems))
