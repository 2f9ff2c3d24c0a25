"""What one may ask about notices."""

from sqlalchemy import Column, Row, Select, func, select

from careful import devices, products, releases, vulnerabilities
from careful.kernel.errors import NotFound
from careful.kernel.work import World
from careful.notices import atom as atom_feed
from careful.notices import distribution
from careful.notices.model import Advisory, Answer, answer
from careful.notices.store import advisories as table
from careful.notices.store import signing_keys, told

_PAGE = 1000


def advisories(world: World, *, product: str | None = None, published_only: bool = False) -> list[Advisory]:
    """List advisories, newest first."""
    query = _all().order_by(table.c.year.desc(), table.c.number.desc())
    if product is not None:
        query = query.where(table.c.product == product)
    if published_only:
        query = query.where(table.c.published_at.is_not(None))
    with world.look() as connection:
        return [to_advisory(row) for row in connection.execute(query)]


def advisory(world: World, wanted: str) -> Advisory:
    """Return one advisory. Raises NotFound."""
    with world.look() as connection:
        row = connection.execute(_all().where(table.c.id == wanted.upper())).one_or_none()
    if row is None:
        raise NotFound(f"There is no advisory {wanted}.", do="Run: careful notice list")
    return to_advisory(row)


def for_case(world: World, case: str) -> Advisory | None:
    """Return the advisory of a case, if one was drafted."""
    with world.look() as connection:
        row = connection.execute(_all().where(table.c.case == case)).one_or_none()
    return None if row is None else to_advisory(row)


def csaf(world: World, wanted: str) -> bytes:
    """Return the published CSAF file, byte for byte. Raises NotFound before it is published."""
    found = _text(world, wanted, table.c.csaf)
    if found is None:
        raise NotFound(f"There is no published advisory {wanted}.", do="Run: careful notice list")
    return found


def csaf_paths(world: World) -> list[str]:
    """Return the paths of all files by which CSAF is distributed, below the public site's /csaf/."""
    return distribution.paths(advisories(world, published_only=True))


def csaf_file(world: World, path: str) -> bytes:
    """Return a file of `csaf_paths`, or the provider metadata. Raises NotFound."""
    settings, out = world.settings, advisories(world, published_only=True)
    if path == distribution.INDEX:
        return distribution.index(out)
    if path == distribution.CHANGES:
        return distribution.changes(out)
    described = {distribution.FEED: distribution.rolie, distribution.PROVIDER: distribution.provider}
    if path in described:
        maker, site = settings.maker_name, settings.public_url
        return described[path](out, maker=maker, site=site, updated=world.clock.now())
    stem, _, ending = path.rpartition(".")
    beside = ending in {*distribution.HASHES, distribution.SIGNATURE}
    one = distribution.listed(out).get(stem if beside else path)
    found: bytes | None = None
    if one is not None and ending in distribution.HASHES:
        found = distribution.hash_line(csaf(world, one.id), ending, one.id)
    elif one is not None:
        found = _text(world, one.id, table.c.signature if beside else table.c.csaf)
    elif path in {distribution.key_file(each.signed_by) for each in out if each.signed_by}:
        found = _certificate(world, path)
    if found is None:
        index = distribution.base(settings.public_url) + distribution.INDEX
        raise NotFound(f"There is no such file: {path[:80]!r}.", do=f"All files are named in {index}")
    return found


def atom(world: World) -> bytes:
    """Return the Atom feed of published advisories."""
    settings = world.settings
    return atom_feed.feed(
        advisories(world, published_only=True),
        maker=settings.maker_name,
        url=settings.public_url,
        updated=world.clock.now(),
    )


def told_count(world: World, advisory_id: str) -> int:
    """Return for how many devices the owner was written to."""
    with world.look() as connection:
        query = select(func.count()).select_from(told).where(told.c.advisory == advisory_id)
        return int(connection.execute(query).scalar_one())


def answer_for(world: World, model: str, version: str, *, public: bool = False) -> Answer:
    """Say whether a model (label name, product id or name) at a version is all right.

    `public`: only what has a public page is known; what is still being made is nobody's business.
    Raises NotFound for a model that is not ours.
    """
    wanted = model.strip().lower()
    for product in products.list_all(world):
        if public and product.page_published_at is None:
            continue
        names = {product.id.lower(), product.name.lower(), *(one.lower() for one in product.models)}
        if wanted in names:
            break
    else:
        raise NotFound(f"We make no model called {model[:80]!r}.", do="Look at the label on the device.")
    signed = [one for one in releases.list_for(world, product.id) if one.state == "signed"]
    newest = max(signed, key=lambda one: one.security_version, default=None)
    return answer(
        model=product.models[0] if product.models else product.name,
        version=version.strip(),
        newest=newest.version if newest else None,
        known_versions=[one.version for one in signed],
        advisories=advisories(world, product=product.id, published_only=True),
        support_until=product.declaration.support.until if product.declaration.support else None,
        today=world.clock.now().date(),
        feeds_fresh=vulnerabilities.feeds_fresh(world),
    )


def reach(world: World, product: str) -> tuple[int, int]:
    """Return (devices with an owner we can write to, all devices) of a product; retired ones are nobody's any more."""
    reached = total = 0
    after: str | None = None
    while page := devices.list_devices(world, product=product, after=after, limit=_PAGE):
        owned = [one.id for one in page if one.state != "retired"]
        reached += len({one.device for one in devices.owner_contacts(world, owned)})
        total += len(owned)
        after = page[-1].id
    return reached, total


def _text(world: World, wanted: str, column: Column[str]) -> bytes | None:
    with world.look() as connection:
        found = connection.execute(select(column).where(table.c.id == wanted.upper())).scalar_one_or_none()
    return None if found is None else found.encode()


def _certificate(world: World, path: str) -> bytes | None:
    with world.look() as connection:
        keys = connection.execute(select(signing_keys.c.fingerprint, signing_keys.c.certificate))
        return next((text.encode() for name, text in keys if distribution.key_file(name) == path), None)


def _all() -> Select[tuple[object, ...]]:
    return select(*(column for column in table.c if column.name not in {"csaf", "signature", "year", "number"}))


def to_advisory(row: Row[tuple[object, ...]]) -> Advisory:
    """Map a row to its value."""
    fields = dict(row._mapping)  # noqa: SLF001 (SQLAlchemy's documented way to a row's columns by name)
    return Advisory(**{**fields, "affected": tuple(fields["affected"])})
