"""Correct patient or request: what is replaced by what, and that the old workitem is canceled for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtWidgets import QWidget

from upsdesk.domain import attributes, tags
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import SopInstanceUid, WorkitemKey
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.domain.workitem import read_patient
from upsdesk.services.commands import Result, ResultKind
from upsdesk.services.desk import Desk
from upsdesk.services.readback import attribute_name
from upsdesk.services.replace import REASON, Replace
from upsdesk.ui.fields import label
from upsdesk.ui.operators import Who, who_is_here
from upsdesk.ui.patient_banner import PatientBanner
from upsdesk.ui.tasks import spawn
from upsdesk.ui.transitions import not_sent
from upsdesk.ui.transitions.base import TransitionDialog, Words
from upsdesk.ui.transitions.parts import SentBlock, SentMessage

_WORDS = Words(
    title="Replace this workitem?",
    subtitle="Patient and request cannot be changed in place. This cancels the old workitem for good.",
    verb="Replace",
    icon="repeat",
    target=ProcedureStepState.CANCELED,
    sending="Replacing at",
)
LOCKED_MODULES = frozenset({"UPS Relationship", "Patient Medical"})


def corrected(old: Elements, new: Elements) -> tuple[int, ...]:
    """The top-level attributes with another value that no N-SET could have changed (PS3.4 Table CC.2.5-3)."""
    rows = attributes.top_level()
    found = []
    for tag in sorted(old.tags | new.tags):
        row = rows.get(tag)
        if row is None or row.in_nset or row.module not in LOCKED_MODULES:
            continue
        is_same = _filled(Elements(old.only((tag,)))) == _filled(Elements(new.only((tag,))))
        if tag != tags.REPLACED_PROCEDURE_STEP_SEQUENCE and not is_same:
            found.append(tag)
    return tuple(found)


def _filled(elements: Elements) -> Elements:
    """Without what is empty: a form may add empty attributes to an item, which corrects nothing."""
    kept = []
    for one in elements:
        if one.items is not None:
            one = replace(one, items=tuple(item for item in map(_filled, one.items) if len(item)))
        if not one.is_empty:
            kept.append(one)
    return Elements(kept)


class CorrectDialog(TransitionDialog):
    """The old workitem stands above, the new patient and the corrected attributes below it."""

    def __init__(
        self,
        parent: QWidget | None,
        desk: Desk,
        key: WorkitemKey,
        old: Elements,
        new: Elements,
        uid: SopInstanceUid | None,
    ) -> None:
        super().__init__(parent, desk, key, Action.CANCEL_BEFORE_START, _WORDS, danger=True, width=760)
        self._new = new
        self._uid = uid
        self._tags = corrected(old, new)
        self.middle.addWidget(label("The new workitem is for", "strong"))
        self.new_banner = PatientBanner()
        self.new_banner.set_patient(read_patient(new), large=True)
        self.middle.addWidget(self.new_banner)
        names = ", ".join(attribute_name(tag) for tag in self._tags) or "nothing yet"
        self.middle.addWidget(label(f"Corrected: {names}"))
        self._sent = SentBlock()
        self.middle.addWidget(self._sent)
        self._sent.show_messages(
            (
                SentMessage(
                    "N-CREATE",
                    "The new workitem, Scheduled. When this fails, nothing else is sent",
                    (("+", "ReplacedProcedureStepSequence", str(key.uid)),),
                ),
                SentMessage(
                    "N-ACTION 2",
                    "Request Cancel: the server cancels the old workitem at once",
                    (("+", "ReasonForCancellation", REASON),),
                ),
            )
        )
        self.refresh()

    def waits_for(self) -> Sequence[str]:
        if self._tags:
            return ()
        return ("a correction of patient, visit or request: anything else is a plain Edit",)

    def command(self) -> Replace:
        return Replace(self.key, self._new, self.shown(), uid=self._uid, is_repeat=self._uid is not None)


async def run_correction(
    parent: QWidget | None,
    desk: Desk,
    key: WorkitemKey,
    old: Elements,
    new: Elements,
    uid: SopInstanceUid | None,
) -> Result | None:
    """Ask, and replace when it is confirmed; None when it was not. What is left to tell is the editor's.

    As before every irreversible act, it is asked who is here when the desk was left alone.
    """
    dialog = CorrectDialog(parent, desk, key, old, new, uid)
    dialog.open()
    readings = [spawn(dialog.read_again(), "read before an act")]
    try:
        while (command := await dialog.next_command()) is not None:
            here = await who_is_here(dialog, desk, dialog.action)
            result = await command.run(desk) if here is Who.SAME else not_sent(desk, here)
            if here is Who.SAME and result.kind not in (ResultKind.CHANGED, ResultKind.ILLEGAL):
                return result
            dialog.show_result(result)
            readings.append(spawn(dialog.read_again(), "read after an act"))
        return None
    finally:
        for reading in readings:
            reading.cancel()
        dialog.dismiss()
