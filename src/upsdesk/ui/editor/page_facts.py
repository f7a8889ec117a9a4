"""What the editor page tells beside the fields: codes to choose from, notes, the patient, the foot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from upsdesk.domain import tags
from upsdesk.domain.codes import Code
from upsdesk.domain.context_groups import workitem_codes
from upsdesk.domain.peer import Peer
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import PatientFacts
from upsdesk.services.desk import Desk
from upsdesk.ui import presenter
from upsdesk.ui.dialogs import Tone
from upsdesk.ui.editor.form import Form, Mode, Problem


def known_codes(desk: Desk, peer: Peer) -> Mapping[str, Sequence[Code]]:
    """By field: the work types of PS3.16, this desk's station and those of the loaded worklist."""
    stations: dict[Code, None] = {}
    if desk.own_station is not None:
        stations[desk.own_station] = None
    for key in desk.store.keys(peer.id):
        workitem = desk.store.get(key)
        stations.update(dict.fromkeys(workitem.stations if workitem else ()))
    named = sorted((code for code in stations if code.meaning), key=lambda code: code.meaning)
    return {"work_type": workitem_codes(), "station": named}


def request_notes(form: Form, *, is_held: bool) -> Sequence[tuple[str, str]]:
    """Icon and sentence for what holds for the whole request."""
    if form.mode is Mode.CREATE:
        return (
            ("plus", "Empty attributes that every new workitem carries are added."),
            ("info", "Its UID is made when it is sent."),
        )
    if is_held:
        lock = "With the Transaction UID saved for this claim"
    elif form.base.text(tags.PROCEDURE_STEP_STATE) == ProcedureStepState.SCHEDULED.value:
        lock = "No Transaction UID: the workitem is Scheduled"
    else:
        lock = "No Transaction UID: this desk holds none"
    return (("key-round", lock), ("lock", "Never sent: patient, request and visit"))


@dataclass(frozen=True, slots=True)
class FootWords:
    """The words of the send button, why it waits (empty: it does not), and the line beside it."""

    send: str
    reason: str
    line: str
    tone: Tone
    is_problem: bool = False
    """Whether a field is named that the page can lead to."""


def foot_words(form: Form, shown: Sequence[Problem], refused: str) -> FootWords:
    """`shown` are the problems that stand beside their fields; `refused` tells why no edit is possible."""
    problems = form.problems()
    count = len(form.changes())
    is_new = form.mode is Mode.CREATE
    send = "Create workitem" if is_new else f"Send {presenter.count_words(count, 'change')}"
    if shown:
        reason = f"{presenter.count_words(len(shown), 'problem')}: {shown[0].sentence}."
        return FootWords(send, reason, reason, Tone.BAD, is_problem=True)
    if problems:
        missing = ", ".join(problem.words for problem in problems)
        reason = f"Create waits for: {missing}"
        return FootWords(send, reason, reason, Tone.QUIET, is_problem=True)
    if not is_new and not count:
        line = "Change a field; only what differs is sent."
        return FootWords("Send", "Nothing is changed yet", line, Tone.QUIET)
    if refused:
        return FootWords(send, refused, refused, Tone.WARNING)
    return FootWords(send, "", "All fields are right.", Tone.GOOD)


def unchecked_words(foot: FootWords) -> FootWords:
    """The same in QA mode: what is wrong is told, and does not keep anything from being sent."""
    if not foot.reason:
        return foot
    line = f"QA mode: sent all the same. {foot.line}"
    return replace(foot, reason="", line=line, tone=Tone.WARNING)


def short_uid(uid: str) -> str:
    """The whole UID when it is short, else its beginning and end; the tooltip has all of it."""
    return uid if len(uid) <= 34 else f"{uid[:24]}…{uid[-6:]}"


def patient_of(form: Form) -> PatientFacts:
    """The patient as typed so far."""
    return PatientFacts(
        name=str(form.values["patient_name"]),
        patient_id=str(form.values["patient_id"]),
        birth_date=str(form.values["birth_date"]).replace("-", ""),
        sex=str(form.values["sex"]),
        issuer=str(form.values["issuer"]),
    )
