"""One advisory, for every test of notices."""

from datetime import UTC, datetime

from careful.notices.model import Advisory

ADVISORY = Advisory(
    id="CAREFUL-2026-0001",
    case="c1",
    flaw="CVE-2023-4863",
    product="cam-1",
    product_name="Hearth Cam 1",
    model="HC-100",
    title="Hearth Cam 1: security update",
    summary="It has a flaw.",
    action="Update it.",
    severity="high",
    exploited=True,
    affected=("1.0.0",),
    fixed_in="1.0.1",
    drafted_at=datetime(2026, 11, 2, tzinfo=UTC),
)
