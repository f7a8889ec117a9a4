"""What a transition dialog tells beside the act: changed facts, other open workitems, codes in words."""

from __future__ import annotations

from upsdesk.domain.codes import Code
from upsdesk.domain.workitem import PatientFacts, Progress, Workitem
from upsdesk.services.commands import Fact, FactChange
from upsdesk.services.desk import Desk
from upsdesk.services.records import VaultEntry
from upsdesk.services.start_warnings import StartWarning, WarningKind
from upsdesk.ui import masking, presenter

_AT_MOST = 5


def change_words(change: FactChange) -> str:
    """`Name: Novak, Jana → Nowak, Jana`."""
    before, now = change.before, change.now
    if change.fact is Fact.BIRTH_DATE:
        before, now = (
            presenter.born_words(PatientFacts(birth_date=date)) if date else "" for date in (before, now)
        )
    return f"{change.name or change.fact.words}: {before or 'empty'} → {now or 'empty'}"


def open_items(desk: Desk, workitem: Workitem) -> tuple[str, ...]:
    """Other workitems of the same patient (ID and issuer) at this peer that have not ended, in words."""
    patient = workitem.patient
    if not patient.patient_id:
        return ()
    now = desk.clock()
    found = []
    for key in desk.store.keys(workitem.key.peer):
        other = desk.store.get(key)
        if other is None or key == workitem.key or not _is_same(other.patient, patient):
            continue
        if other.state is None or other.state.is_final:
            continue
        when = presenter.moment_words(other.start, now, desk.zone) if other.start else ""
        parts = (other.label_words or "no label", presenter.state_words(other.state), when, other.station)
        found.append(" · ".join(part for part in parts if part))
    more = len(found) - _AT_MOST
    return (*found[:_AT_MOST], *([f"and {more} more"] if more > 0 else []))


def _is_same(one: PatientFacts, other: PatientFacts) -> bool:
    return (one.patient_id, one.issuer) == (other.patient_id, other.issuer)


def code_words(code: Code | None) -> str:
    """A code for a person: its meaning, then value and scheme; empty for none."""
    if code is None:
        return ""
    return f"{code.meaning} · {code.value} {code.scheme}".strip(" ·")


def progress_words(progress: Progress) -> str:
    """Percent and description in one line; empty when nothing was reported."""
    return ", ".join(part for part in (presenter.percent_words(progress), progress.description) if part)


def warning_words(desk: Desk, workitem: Workitem, warning: StartWarning) -> str:
    """What speaks against the start, as one sentence of plain words."""
    kind, now, name = warning.kind, desk.clock(), presenter.name_words(workitem.patient)
    if kind is WarningKind.LOOK_ALIKE:
        others = presenter.look_alike_words(workitem.patient, warning.look_alikes)
        return f"{name}, ID {presenter.id_words(workitem.patient)}, can be taken for somebody else. {others}."
    if kind is WarningKind.OTHER_STATION:
        return f"It is planned for station {workitem.station}; this desk is {warning.own_station}."
    if kind is WarningKind.INPUTS:
        return f"{presenter.readiness_words(warning.readiness)}: what it needs is not all there."
    if kind is WarningKind.HOLDS_ANOTHER:
        assert warning.held is not None
        return f"This desk already holds {held_words(desk, warning.held)}."
    assert warning.moment is not None
    when = presenter.moment_words(warning.moment, now, desk.zone)
    if kind is WarningKind.EXPIRED:
        return f"It has expired: it was to be started until {when}."
    return f"It is planned for another day: {when}."


def held_words(desk: Desk, entry: VaultEntry) -> str:
    """`Novak, Jana, ID PAT-1, born 1962-04-10, F (Treatment) at FX1, by Meyer 09:41`."""
    at = f" at {entry.station}" if entry.station else ""
    told = masking.words(entry.label, Workitem(desk.key_of(entry), patient=entry.patient))
    label = f" ({told})" if told else ""
    when = presenter.instant_words(entry.claimed_at, desk.clock(), desk.zone)
    since = f", by {entry.operator.partition(',')[0]} {when}" if entry.operator else f" since {when}"
    return f"{presenter.patient_sentence(entry.patient)}{label}{at}{since}"
