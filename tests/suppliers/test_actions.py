"""Suppliers' acts on both databases: what is taken, what counts, and that one never reaches another's."""

from datetime import date, timedelta

import pytest

from careful import products, suppliers
from careful.kernel import ledger
from careful.kernel.actors import Actor
from careful.kernel.clock import ManualClock
from careful.kernel.errors import Invalid, NotFound, Refused, TooLarge
from careful.kernel.work import World

UNTIL = date(2027, 11, 1)
FILE = b"%PDF-1.7 <script>alert(1)</script>"
CLIP = b"""schema: product/1
product: {id: cam-9, name: Camera}
ecosystem:
  - {id: device, kind: device, edges: [{to: speech, protocol: https, port: 443, data: [clip], direction: out}]}
  - {id: speech, kind: partner, owner: transcribe.io}
data: [{id: clip, class: video_home, fields: [x], recipients: [transcribe.io]}]
"""


def on_file(world: World, staff: Actor, supplier: str = "transcribe-io", name: str = "transcribe.io") -> str:
    suppliers.record(world, staff, supplier, name=name, contact="psirt@transcribe.example")
    evidence = suppliers.give_evidence(
        world, staff, supplier, kind="certificate", title="ISO", until=UNTIL, content=FILE, file_name="../a b.pdf"
    )
    suppliers.accept_evidence(world, staff, evidence)
    return evidence


def sign(world: World, staff: Actor, *clauses: str, supplier: str = "transcribe-io") -> None:
    suppliers.note_contract(
        world, staff, supplier, signed=date(2026, 1, 1), until=UNTIL, clauses=suppliers.read_clauses(clauses)
    )


def test_nothing_is_approved_before_evidence_and_obligations_are_there(
    world: World, staff: Actor, clock: ManualClock
) -> None:
    products.declare(world, staff, CLIP)
    with pytest.raises(
        Refused, match=r"The edge device to speech cannot be approved: transcribe.io is on record as no"
    ):
        products.approve(world, staff, "cam-9")
    evidence = on_file(world, staff)
    with pytest.raises(Refused, match="no contract is in force"):
        products.approve(world, staff, "cam-9")
    sign(world, staff, "encrypt", "delete=30", "sub_processors", "notify=72")
    with pytest.raises(Refused, match="its contract says notify=72, 24 is needed"):
        products.approve(world, staff, "cam-9")
    sign(world, staff, "encrypt", "delete=30", "sub_processors", "notify=24")
    products.approve(world, staff, "cam-9")
    with world.look() as connection:
        (relied,) = ledger.read(connection, names=("products.suppliers_relied_on",))
    assert relied.data["suppliers"] == ["transcribe-io"]
    assert "transcribe-io notify=24" in relied.data["clauses"]

    products.declare(world, staff, CLIP + b"contact: {security: psirt@hearth.example}\n")
    clock.advance(timedelta(days=365))
    with pytest.raises(Refused, match="its evidence ended on 2027-11-01"):
        products.approve(world, staff, "cam-9")
    assert products.get(world, "cam-9").version == 1  # what was in force stays
    with pytest.raises(Refused, match="ended or was withdrawn"):
        again = suppliers.give_evidence(
            world, staff, "transcribe-io", kind="other", title="x", until=clock.now().date(), reference="y"
        )
        clock.advance(timedelta(days=1))
        suppliers.accept_evidence(world, staff, again)
    assert evidence


def test_files_are_opaque_bounded_and_come_back_as_they_were(world: World, staff: Actor) -> None:
    evidence = on_file(world, staff)
    found, content = suppliers.evidence_file(world, evidence)
    assert content == FILE
    assert found.file_name == "-a-b.pdf"
    given = {"kind": "other", "title": "x", "until": UNTIL}
    with pytest.raises(TooLarge):
        suppliers.give_evidence(
            world,
            staff,
            "transcribe-io",
            **given,
            content=b"x" * (suppliers.MOST_FILE_BYTES + 1),  # type: ignore[arg-type]
        )
    for more in ({"reference": ""}, {"kind": "poem"}, {"title": ""}, {"until": date(2026, 1, 1)}):
        with pytest.raises(Invalid):
            suppliers.give_evidence(world, staff, "transcribe-io", **{**given, "reference": "x", **more})  # type: ignore[arg-type]
    for wrong in ("nobody", evidence + "x"):
        with pytest.raises(NotFound):
            suppliers.evidence_file(world, wrong)


def test_withdrawn_evidence_counts_no_longer(world: World, staff: Actor) -> None:
    evidence = on_file(world, staff)
    suppliers.withdraw_evidence(world, staff, evidence, "it was forged")
    assert suppliers.get(world, "transcribe-io").evidence[0].standing(date(2026, 12, 1)) == "withdrawn"
    for act in (lambda: suppliers.withdraw_evidence(world, staff, evidence, "again"),):
        with pytest.raises(Refused):
            act()


def test_a_supplier_answers_its_own_and_never_anothers(world: World, staff: Actor) -> None:
    for one in ("first", "second"):
        suppliers.record(world, staff, one, name=f"{one} company")
        suppliers.bind(world, staff, f"account-{one}", one)
    mine, theirs = (suppliers.ask(world, staff, one, "Your SBOM, please", UNTIL) for one in ("first", "second"))
    first = Actor("staff", "account-first")
    assert suppliers.supplier_of(world, "account-first") == "first"
    with pytest.raises(NotFound):
        suppliers.answer(world, first, theirs, "ours", of="first")
    suppliers.answer(world, first, mine, "Here it is", of="first")
    own = suppliers.give_evidence(world, first, "first", kind="sbom", title="SBOM", until=UNTIL, content=b"{}")
    with pytest.raises(Refused, match="its own evidence"):
        suppliers.accept_evidence(world, first, own)
    with pytest.raises(NotFound):
        suppliers.evidence_file(world, own, of="second")
    suppliers.close(world, staff, mine)
    with pytest.raises(Refused):
        suppliers.answer(world, first, mine, "more", of="first")
    suppliers.bind(world, staff, "account-first", "second")  # of one supplier alone
    assert suppliers.people_of(world, "first") == []
    suppliers.unbind(world, staff, "account-first")
    assert suppliers.supplier_of(world, "account-first") is None
    with pytest.raises(NotFound):
        suppliers.unbind(world, staff, "account-first")


def test_an_ended_supplier_gets_nothing_and_its_people_see_nothing(world: World, staff: Actor) -> None:
    on_file(world, staff)
    sign(world, staff, "encrypt", "delete=30", "sub_processors", "notify=24")
    suppliers.bind(world, staff, "account", "transcribe-io")
    suppliers.end(world, staff, "transcribe-io", "the contract ended")
    assert suppliers.supplier_of(world, "account") is None
    products.declare(world, staff, CLIP)
    with pytest.raises(Refused, match="no longer a supplier"):
        products.approve(world, staff, "cam-9")
    with pytest.raises(Refused):
        suppliers.ask(world, staff, "transcribe-io", "more", UNTIL)
    with pytest.raises(Refused):
        suppliers.record(world, staff, "transcribe-io", name="again")


def test_names_mean_one_supplier_only(world: World, staff: Actor) -> None:
    suppliers.record(world, staff, "one", name="One Company")
    suppliers.record(world, staff, "one", name="One Company", delivers="more")
    for supplier, name in (("two", "one company"), ("two", "ONE"), ("ONE", "x")):
        with pytest.raises(Refused, match="would mean"):
            suppliers.record(world, staff, supplier, name=name)
    assert [one.delivers for one in suppliers.list_all(world)] == ["more"]


def test_contracts_that_cannot_be(world: World, staff: Actor) -> None:
    suppliers.record(world, staff, "one", name="One")
    for signed, until, clauses in (
        (date(2027, 1, 1), UNTIL, {"encrypt": None}),
        (date(2026, 1, 1), date(2025, 1, 1), {"encrypt": None}),
        (date(2026, 1, 1), UNTIL, {}),
        (date(2026, 1, 1), UNTIL, {"secrecy": None}),
        (date(1999, 1, 1), UNTIL, {"encrypt": None}),
    ):
        with pytest.raises(Invalid):
            suppliers.note_contract(world, staff, "one", signed=signed, until=until, clauses=clauses)
    with pytest.raises(NotFound):
        suppliers.note_contract(world, staff, "two", signed=date(2026, 1, 1), until=UNTIL, clauses={"encrypt": None})


def test_the_ledger_knows_no_contact_and_no_content(world: World, staff: Actor) -> None:
    on_file(world, staff)
    item = suppliers.ask(world, staff, "transcribe-io", "Who is Ann?", UNTIL)
    suppliers.answer(world, staff, item, "Ann is our lead")
    with world.look() as connection:
        told = str([(one.name, one.data) for one in ledger.read(connection)])
    assert "psirt@" not in told
    assert "Ann" not in told
