"""The same workitem once more: what a new one takes over from one that has ended."""

from __future__ import annotations

from upsdesk.domain import attributes, tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.state import ProcedureStepState

UPS_PUSH = "1.2.840.10008.5.1.4.34.6.1"
"""SOP Class UID of every UPS (PS3.4 CC.3.1.1)."""

_NOT_TAKEN = frozenset(
    {
        tags.SPECIFIC_CHARACTER_SET,  # chosen when the text is encoded
        tags.SCHEDULED_PROCEDURE_STEP_MODIFICATION_DATE_TIME,  # stamped by the SCP
        tags.TRANSACTION_UID,
        tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE,
        tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE,
    }
)


def scheduled_again(elements: Elements, replaced: SopInstanceUid) -> Elements:
    """The data set of an N-CREATE of the same work, SCHEDULED, in place of the workitem `replaced`.

    Everything that an N-CREATE may carry is taken over, also what the table does not know; what the holder
    has added is not. Replaced Procedure Step Sequence names the old one (PS3.4 Table CC.2.5-3, 1C).
    """
    rows = attributes.top_level()
    kept = [
        found
        for found in elements
        if found.tag not in _NOT_TAKEN and (found.tag not in rows or rows[found.tag].in_ncreate)
    ]
    reference = (
        element(tags.REFERENCED_SOP_CLASS_UID, UPS_PUSH),
        element(tags.REFERENCED_SOP_INSTANCE_UID, replaced),
    )
    return Elements(kept).with_elements(
        element(tags.PROCEDURE_STEP_STATE, ProcedureStepState.SCHEDULED.value),
        sequence(tags.REPLACED_PROCEDURE_STEP_SEQUENCE, reference),
    )


def replaces(elements: Elements, replaced: SopInstanceUid) -> bool:
    """Whether a workitem says that it stands in place of `replaced`."""
    return any(
        item.text(tags.REFERENCED_SOP_INSTANCE_UID) == replaced
        for item in elements.items(tags.REPLACED_PROCEDURE_STEP_SEQUENCE)
    )
