"""A filter under a name: what is applied here, what is sent to the server, and whether it names somebody."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from upsdesk.domain import tags
from upsdesk.domain.criteria import Criteria, Span, without_text
from upsdesk.domain.query import MatchingKey, SearchPlan

_HARMLESS = frozenset(
    {
        tags.PROCEDURE_STEP_STATE,
        tags.SCHEDULED_PROCEDURE_STEP_PRIORITY,
        tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME,
        tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME,
        tags.SCHEDULED_PROCEDURE_STEP_MODIFICATION_DATE_TIME,
        tags.EXPECTED_COMPLETION_DATE_TIME,
        tags.INPUT_READINESS_STATE,
        tags.WORKLIST_LABEL,
        tags.PROCEDURE_STEP_LABEL,
        tags.SCHEDULED_WORKITEM_CODE_SEQUENCE,
        tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE,
        tags.SCHEDULED_STATION_CLASS_CODE_SEQUENCE,
        tags.SCHEDULED_STATION_GEOGRAPHIC_LOCATION_CODE_SEQUENCE,
    }
)
"""Attributes that name no person; the value of any other key may."""


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """One filter under its name: what is applied here, and what is sent to the server."""

    name: str
    criteria: Criteria
    plan: SearchPlan = field(default_factory=SearchPlan)
    is_built_in: bool = False

    @property
    def names_somebody(self) -> bool:
        """It has typed text, or a key whose value may be a patient's."""
        return bool(self.criteria.text.strip()) or any(map(_may_name, self.plan.keys))

    def without_names(self) -> SavedFilter:
        """What may be kept on disk without a question."""
        keys = tuple(key for key in self.plan.keys if not _may_name(key))
        return replace(self, criteria=without_text(self.criteria), plan=replace(self.plan, keys=keys))

    def asks_the_same(self, other: SavedFilter) -> bool:
        """Everything but the name is equal."""
        return replace(self, name="", is_built_in=False) == replace(other, name="", is_built_in=False)


def _may_name(key: MatchingKey) -> bool:
    return bool(key.value) and key.path[0] not in _HARMLESS


TODAY = SavedFilter("All of today", Criteria(span=Span.TODAY), is_built_in=True)
HELD = SavedFilter("Held here", Criteria(held=True), is_built_in=True)
OVERDUE = SavedFilter("Overdue", Criteria(overdue=True), is_built_in=True)
BUILT_IN = (TODAY, HELD, OVERDUE)
