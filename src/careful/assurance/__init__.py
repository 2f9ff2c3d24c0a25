"""The witness: one verdict per recommendation of the guide, computed from the ledger and the clock alone.

No domain is imported here and nothing is ever typed in: a verdict can only change when a fact is recorded or grows
old. `recommendations/` holds one small module per recommendation; docs/recommendations.md describes each.
"""

from careful.assurance.evidence import by_id, verdicts
from careful.assurance.judging import Finding, Value, Verdict

__all__ = ["Finding", "Value", "Verdict", "by_id", "verdicts"]
