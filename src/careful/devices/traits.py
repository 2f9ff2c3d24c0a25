"""What a maker knows of a device besides who it is: where it stands, its clock's zone, its tags, its owner's wish.

    region, zone     "eu", "Europe/Berlin": for groups of rollouts and for maintenance windows
    tags             up to 32 short words, such as beta
    consent          automatic (updates install by themselves), ask (the owner agrees to each), declined (none, please)

None of them opens a door or decides what is genuine; they say who gets an update first, and when.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import cache
from zoneinfo import available_timezones

from careful.devices import traits_store
from careful.devices.events import TraitsChanged
from careful.devices.live import lock_live
from careful.devices.model import CONSENTS, Consent, Traits
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid
from careful.kernel.work import World

WORD = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
MOST_TAGS = 32
NONE = Traits()


def set_traits(
    world: World,
    actor: Actor,
    device: str,
    *,
    region: str | None = None,
    zone: str | None = None,
    consent: Consent | None = None,
    tag: Collection[str] = (),
    untag: Collection[str] = (),
) -> Traits:
    """Change what is given and leave the rest; the same again changes nothing. "" takes region or zone away.

    Raises NotFound, Refused (retired), Invalid for what is no short word, no zone of the tz database, too many tags.
    """
    for where, words in (("region", [region] if region else []), ("tag", tag)):
        for word in words:
            if not WORD.fullmatch(word):
                raise Invalid(f"{word[:40]!r} is no {where}.", do="Use 1 to 32 of a-z 0-9 . _ -.", where=where)
    if zone and zone not in _zones():
        raise Invalid(f"There is no time zone {zone[:64]!r}.", do="Write one such as Europe/Berlin.", where="zone")
    if consent is not None and consent not in CONSENTS:
        raise Invalid(
            f"{str(consent)[:32]!r} is no consent.", do=f"Say one of: {', '.join(CONSENTS)}.", where="consent"
        )
    with world.change(actor) as work:
        one = lock_live(work, device)
        before = traits_store.traits_for(work.connection, [device]).get(device, NONE)
        after = replace(
            before,
            region=before.region if region is None else region,
            zone=before.zone if zone is None else zone,
            consent=before.consent if consent is None else consent,
            tags=tuple(sorted({*before.tags, *tag} - set(untag))),
        )
        if len(after.tags) > MOST_TAGS:
            raise Invalid(f"A device has at most {MOST_TAGS} tags.", do="Take one away first.", where="tag")
        if after != before:
            traits_store.put_traits(work.connection, device, one.product, after)
            work.record(
                TraitsChanged(
                    device=device,
                    product=one.product,
                    region=after.region,
                    zone=after.zone,
                    consent=after.consent,
                    tags=after.tags,
                )
            )
    return after


def traits(world: World, device: str) -> Traits:
    """Return a device's traits; of one that nobody said anything of, the plain ones."""
    with world.look() as connection:
        return traits_store.traits_for(connection, [device]).get(device, NONE)


def traits_of(world: World, product: str, wanted: Iterable[str] | None = None) -> Mapping[str, Traits]:
    """Return device -> traits for the product's devices of which anything was said; or for the few `wanted`."""
    with world.look() as connection:
        if wanted is not None:
            return traits_store.traits_for(connection, list(wanted))
        return traits_store.traits_in(connection, product)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
