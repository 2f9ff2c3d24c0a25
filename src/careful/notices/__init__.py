"""What we tell the world: one notice per case, in plain words for owners and as CSAF for machines.

A notice is drafted from a judged case, refused while its words are not plain, published once, and sent to the owners
of the exposed devices. `answer_for` is the one truth behind `/check`, the in-band answer and the product page.
"""

from collections.abc import Mapping

from careful.kernel.outbox import Handler
from careful.notices.actions import draft, letter, publish, tell_owners
from careful.notices.channels import mail
from careful.notices.distribution import PROVIDER as CSAF_PROVIDER
from careful.notices.endings import tell_of_end
from careful.notices.model import Advisory, Answer
from careful.notices.plain_language import Reading, read
from careful.notices.queries import (
    advisories,
    advisory,
    answer_for,
    atom,
    csaf,
    csaf_file,
    csaf_paths,
    for_case,
    reach,
    told_count,
)

STAFF_MAIL = mail.STAFF_KIND
"""The kind of message in the outbox that goes to the staff: to, subject, body, id."""


def handlers() -> Mapping[str, Handler]:
    """Return who delivers which kind of message from the outbox."""
    return {mail.KIND: mail.deliver, mail.STAFF_KIND: mail.deliver_plain}


__all__ = [
    "CSAF_PROVIDER",
    "STAFF_MAIL",
    "Advisory",
    "Answer",
    "Reading",
    "advisories",
    "advisory",
    "answer_for",
    "atom",
    "csaf",
    "csaf_file",
    "csaf_paths",
    "draft",
    "for_case",
    "handlers",
    "letter",
    "publish",
    "reach",
    "read",
    "tell_of_end",
    "tell_owners",
    "told_count",
]
