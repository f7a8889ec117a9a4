"""The glyph and the colour of everything that the worklist tells by shape: state, priority, inputs, signs."""

from __future__ import annotations

from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import InputReadiness, Priority
from upsdesk.services.flags import AsideKind

STATE_LOOKS: dict[ProcedureStepState | None, tuple[str, str]] = {
    ProcedureStepState.SCHEDULED: ("state-scheduled", "scheduled"),
    ProcedureStepState.IN_PROGRESS: ("state-in-progress", "in_progress"),
    ProcedureStepState.COMPLETED: ("state-completed", "completed"),
    ProcedureStepState.CANCELED: ("state-canceled", "canceled"),
    None: ("state-pending", "text_3"),
}
"""Names of icons and of colours of the theme."""
PRIORITY_LOOKS: dict[Priority, tuple[str, str]] = {
    Priority.HIGH: ("priority-high", "high"),
    Priority.MEDIUM: ("priority-medium", "text_2"),
    Priority.LOW: ("priority-low", "text_2"),
}
INPUT_LOOKS: dict[InputReadiness, tuple[str, str]] = {
    InputReadiness.READY: ("input-ready", "scheduled"),
    InputReadiness.INCOMPLETE: ("input-incomplete", "warning"),
    InputReadiness.UNAVAILABLE: ("input-unavailable", "error"),
}
ASIDE_LOOKS: dict[AsideKind, tuple[str, str]] = {
    AsideKind.OUTSIDE: ("search", "text_2"),
    AsideKind.WIDER: ("search", "text_2"),
    AsideKind.MISFIT: ("filter", "warning"),
}
