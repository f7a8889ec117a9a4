"""What the editor page tells beside the fields: codes to choose from, notes on the request, the patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from upsdesk.domain.codes import Code
from upsdesk.domain.context_groups import workitem_codes
from upsdesk.domain.peer import Peer
from upsdesk.domain.workitem import PatientFacts
from upsdesk.services.desk import Desk
from upsdesk.ui.editor.form import Form, Mode


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
    lock = (
        "With the Transaction UID saved for this claim"
        if is_held
        else "No Transaction UID: the workitem is Scheduled"
    )
    return (("key-round", lock), ("lock", "Never sent: patient, request and visit"))


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
