"""What one may do with products: declare, approve, publish the page, put on sale. One transaction each."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict

from careful import suppliers
from careful.kernel.actors import Actor
from careful.kernel.errors import Refused
from careful.kernel.work import Work, World
from careful.products import queries, store
from careful.products.collected import collected
from careful.products.declaration import Declaration
from careful.products.events import (
    DataDeclared,
    PagePublished,
    ProductApproved,
    ProductDeclared,
    ProductPutOnSale,
    SuppliersReliedOn,
)
from careful.products.handed_out import handed_out
from careful.products.laws import Answer, LawAnswer, judge
from careful.products.model import Declared, refuse_earlier_end, update_method
from careful.products.parsing import parse
from careful.products.permit import permit

_UNKNOWN_SHOWN = 3


def declare(world: World, actor: Actor, text: bytes, name: str = "product.yaml") -> Declared:
    """Keep a version of a product file, called `name` where it is refused; the newest one again is no new version.

    Raises Invalid (Unreadable) where the bytes are no declaration, Refused where a promised support end would move
    nearer.
    """
    declaration = parse(text, name)
    digest = hashlib.sha256(text).hexdigest()
    with world.change(actor) as work:
        row = store.claim(work.connection, declaration.id)
        if row.newest:
            newest = store.version_row(work.connection, declaration.id, row.newest)
            if newest.digest == digest:
                return Declared(declaration.id, digest, row.newest)
            _keep_promises(work, row, declaration)
        number = row.newest + 1
        store.add_version(work.connection, declaration.id, number, digest, text, work.now)
        work.record(ProductDeclared(product=declaration.id, digest=digest, version=number))
    return Declared(declaration.id, digest, number)


def approve(world: World, actor: Actor, product: str) -> None:
    """Put the newest version in force; approving it again changes nothing.

    Raises NotFound; Refused where a support end would move nearer, or where data would go to somebody without valid
    evidence and clauses on file (U6, U7).
    """
    with world.change(actor) as work:
        row = _must_exist(work, product)
        if row.approved == row.newest:
            return
        newest = store.version_row(work.connection, product, row.newest)
        declaration = parse(newest.text)
        _keep_promises(work, row, declaration)
        needs = handed_out(declaration)
        known = suppliers.all_in(work.connection)
        if refused := suppliers.refusal(needs, known, work.now.date()):
            raise refused
        answers = [one for one in judge(declaration, work.now.date()) if one.in_force]
        store.approve(work.connection, product, row.newest, work.now)
        work.record(
            ProductApproved(
                product=product,
                digest=newest.digest,
                laws_apply=tuple(one.law.id for one in answers if one.answer is Answer.YES),
                laws_unknown=tuple(one.law.id for one in answers if one.answer is Answer.UNKNOWN),
                streams=len(permit(declaration).streams),
            )
        )
        work.record(DataDeclared(product=product, version=row.newest, **asdict(collected(declaration))))
        work.record(_reliance(product, row.newest, needs, known))


def publish_page(world: World, actor: Actor, product: str) -> None:
    """Publish what a buyer must know: support end, how updates come, which data (C6, C9).

    Raises NotFound; Refused where the product is not approved or one of the three is blank.
    """
    with world.change(actor) as work:
        row = _must_exist(work, product)
        newest, declaration = _approved(work, row, f"The page of {product} cannot be published")
        support = declaration.support
        until, method = support.until if support else None, update_method(support)
        blank = [
            name
            for name, value in (
                ("support.until", until),
                ("support.automatic_updates", method or None),
                ("data", declaration.data),
            )
            if value is None
        ]
        if until is None or declaration.data is None or blank:
            raise Refused(
                f"The page of {product} cannot be published: {', '.join(blank)} {'is' if len(blank) == 1 else 'are'} "
                "blank.",
                do="Fill it in product.yaml (`data: []` when there is none), declare and approve it.",
                where=blank[0],
            )
        refuse_earlier_end(product, store.day(row.published_until), until)
        store.change(work.connection, product, {"page_published_at": work.now, "published_until": until.isoformat()})
        work.record(
            PagePublished(
                product=product,
                digest=newest.digest,
                support_until=until.isoformat(),
                update_method=method,
                data_items=len(declaration.data),
            )
        )


def put_on_sale(world: World, actor: Actor, product: str) -> None:
    """Let the product be sold; doing it again changes nothing.

    Raises NotFound; Refused without approval, without a published support end (C6), or while a blank field leaves
    open whether a law of its markets applies (P6).
    """
    with world.change(actor) as work:
        row = _must_exist(work, product)
        if row.on_sale_at is not None:
            return
        _, declaration = _approved(work, row, "Cannot set 'on sale'")
        if row.page_published_at is None or not row.published_until:
            raise Refused(
                "Cannot set 'on sale': no support end date published.",
                do=f"Fill support.until, then run: careful product publish {product}",
                where="support.until",
            )
        open_questions = [
            one for one in judge(declaration, work.now.date()) if one.in_force and one.answer is Answer.UNKNOWN
        ]
        if open_questions:
            raise _cannot_tell(open_questions)
        store.change(work.connection, product, {"on_sale_at": work.now})
        work.record(ProductPutOnSale(product=product, support_until=row.published_until))


def _reliance(
    product: str, version: int, needs: Sequence[suppliers.Need], known: Sequence[suppliers.Supplier]
) -> SuppliersReliedOn:
    """Note on whose evidence and which of their obligations an approval stands."""
    met = [(one.id, need) for need in needs if (one := suppliers.supplier_for(need.who, known))]
    clauses = {
        f"{supplier} {suppliers.clause_words(name, most)}"
        for supplier, need in met
        for name, most in need.clauses.items()
    }
    return SuppliersReliedOn(
        product=product,
        version=version,
        suppliers=tuple(sorted({supplier for supplier, _ in met})),
        clauses=tuple(sorted(clauses)),
    )


def _must_exist(work: Work, product: str) -> store.KeptRow:
    row = store.lock(work.connection, product)
    if row is None:
        raise queries.unknown(product)
    return row


def _approved(work: Work, row: store.KeptRow, refused: str) -> tuple[store.KeptRow, Declaration]:
    """Return the version in force and its declaration. Raises Refused where none was approved."""
    if row.approved is None:
        raise Refused(f"{refused}: the declaration is not approved.", do=f"Run: careful product approve {row.id}")
    version = store.version_row(work.connection, row.id, row.approved)
    return version, parse(version.text)


def _keep_promises(work: Work, row: store.KeptRow, declaration: Declaration) -> None:
    """Refuse a support end earlier than the one that was approved or published."""
    said = declaration.support.until if declaration.support else None
    if row.approved is not None:
        _, approved = _approved(work, row, "")
        refuse_earlier_end(row.id, approved.support.until if approved.support else None, said)
    refuse_earlier_end(row.id, store.day(row.published_until), said)


def _cannot_tell(answers: list[LawAnswer]) -> Refused:
    more = f" and {len(answers) - _UNKNOWN_SHOWN} more" if len(answers) > _UNKNOWN_SHOWN else ""
    titles = ", ".join(one.law.title for one in answers[:_UNKNOWN_SHOWN])
    blank = sorted({name for one in answers for name in one.blank})
    return Refused(
        f"Cannot set 'on sale': cannot tell whether {titles}{more} apply, because blank: {', '.join(blank)}.",
        do="Fill these fields in product.yaml, declare and approve it.",
        where=blank[0] if blank else "",
    )
