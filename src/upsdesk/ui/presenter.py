"""The words for workitems, patients, times and answers as a screen shows them; pure functions, no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from enum import Enum

from upsdesk.domain.look_alikes import Likeness, LookAlike
from upsdesk.domain.plain import plain
from upsdesk.domain.silence import silence
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.domain.status import Kind, Outcome
from upsdesk.domain.when import Moment, ZoneSource, in_zone, last_instant
from upsdesk.domain.workitem import InputReadiness, PatientFacts, Priority, Progress, Workitem
from upsdesk.ui import masking

GRACE = timedelta(minutes=5)
"""Late by no more than this is not yet overdue."""
_SOON = timedelta(minutes=2)
_NAMED = 3
"""So many look-alikes are named; of more it is said that there are others."""


class Urgency(Enum):
    """How a due time is drawn."""

    NONE = "none"
    PLAIN = "plain"
    SOON = "soon"
    """About to be due, or late within the grace."""
    OVERDUE = "overdue"
    EXPIRED = "expired"
    ENDED = "ended"

    @property
    def is_late(self) -> bool:
        return self in (Urgency.OVERDUE, Urgency.EXPIRED)


@dataclass(frozen=True, slots=True)
class Due:
    """What the column "Due" shows."""

    words: str
    urgency: Urgency
    sentence: str
    """The same in full, for tooltips and screen readers; empty when there is nothing to say."""
    start: str = ""
    """The planned start seen from now, in every state: `in 26 min`, `38 min ago`."""


NOT_DUE = Due("", Urgency.NONE, "")


def due(workitem: Workitem, now: datetime, zone: tzinfo) -> Due:
    """SCHEDULED counts against its planned start, IN PROGRESS against its expected completion.

    `now` needs a zone. Minutes count as a clock shows them: 10:19 and 10:30 are 11 apart.
    """
    counted = _due(workitem, now, zone)
    if workitem.start is None or not workitem.start.has_time:
        return counted
    return replace(counted, start=from_now_words(workitem.start.instant, now, zone))


def from_now_words(instant: datetime, now: datetime, zone: tzinfo) -> str:
    """`in 26 min`, `now` or `38 min ago`."""
    ahead = _to_minute(instant, zone) - _to_minute(now, zone)
    if ahead == timedelta(0):
        return "now"
    return f"in {span_words(ahead)}" if ahead > timedelta(0) else f"{span_words(-ahead)} ago"


def _due(workitem: Workitem, now: datetime, zone: tzinfo) -> Due:
    if workitem.state is ProcedureStepState.SCHEDULED:
        if workitem.expiration is not None and now > last_instant(workitem.expiration):
            told = moment_words(workitem.expiration, now, zone)
            return Due("expired", Urgency.EXPIRED, f"expired {told}")
        return _counted(workitem.start, now, zone, "in {}", "starts in {}", "{} late to start")
    if workitem.state is ProcedureStepState.IN_PROGRESS:
        return _in_progress(workitem, now, zone)
    ended = ended_at(workitem)
    if ended is None or workitem.state is None:
        return NOT_DUE
    told = instant_words(ended, now, zone)
    return Due(f"at {told}", Urgency.ENDED, f"{workitem.state.words.lower()} {told}")


def _in_progress(workitem: Workitem, now: datetime, zone: tzinfo) -> Due:
    """What is over is told first; a performer of whom nothing is heard comes before the time that is left."""
    counted = _counted(workitem.expected_end, now, zone, "{} left", "{} left", "{} over")
    told = silence_words(workitem, now)
    if not told:
        return counted
    sentence = ", ".join(part for part in (counted.sentence, told) if part)
    if counted.urgency.is_late:
        return replace(counted, sentence=sentence)
    return Due(told.replace("for ", ""), Urgency.SOON, sentence)


def silence_words(workitem: Workitem, now: datetime) -> str:
    """`silent for 5 h` of what is in progress; empty while it is less than 4 hours."""
    since = silence(workitem, now)
    return f"silent for {span_words(since)}" if since is not None else ""


def due_instant(workitem: Workitem) -> datetime | None:
    """What the column "Due" counts against; None when there is nothing, or the workitem has ended."""
    moment = None
    if workitem.state is ProcedureStepState.SCHEDULED:
        moment = workitem.start
    elif workitem.state is ProcedureStepState.IN_PROGRESS:
        moment = workitem.expected_end
    return _deadline(moment) if moment is not None else None


def ended_at(workitem: Workitem) -> datetime | None:
    """When a workitem ended: as its performer wrote it, else when the report came; None when unknown."""
    if workitem.state is None or not workitem.state.is_final:
        return None
    if workitem.performed_end is not None:
        return workitem.performed_end.instant
    return workitem.state_reported_at


def _deadline(moment: Moment) -> datetime:
    # A date without a time is due until that day is over.
    return moment.instant if moment.has_time else last_instant(moment)


def _counted(
    moment: Moment | None, now: datetime, zone: tzinfo, ahead: str, ahead_sentence: str, late_sentence: str
) -> Due:
    if moment is None:
        return NOT_DUE
    deadline = _deadline(moment)
    late = _to_minute(now, zone) - _to_minute(deadline, zone)
    if late == timedelta(0):
        return Due("now", Urgency.SOON, "due now")
    if late > timedelta(0):
        urgency = Urgency.OVERDUE if now - deadline > GRACE else Urgency.SOON
        return Due("+" + span_words(late), urgency, late_sentence.format(span_words(late)))
    left = span_words(-late)
    urgency = Urgency.SOON if -late <= _SOON else Urgency.PLAIN
    return Due(ahead.format(left), urgency, ahead_sentence.format(left))


def _to_minute(instant: datetime, zone: tzinfo) -> datetime:
    return in_zone(instant, zone).replace(second=0, microsecond=0)


def span_words(span: timedelta) -> str:
    """A span as `38 min`, `2 h` or `3 d`, rounded down; minutes up to 99, hours up to 47."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 100:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h"
    return f"{minutes // (24 * 60)} d"


def clock_words(instant: datetime, zone: tzinfo) -> str:
    """`09:41` in desk time."""
    return in_zone(instant, zone).strftime("%H:%M")


def seconds_words(instant: datetime, zone: tzinfo) -> str:
    """`09:41:07` in desk time."""
    return in_zone(instant, zone).strftime("%H:%M:%S")


def instant_words(instant: datetime, now: datetime, zone: tzinfo) -> str:
    """`09:41` today, `11-18 09:41` on another day of this year, else `2025-11-18 09:41`."""
    local, today = in_zone(instant, zone), now.astimezone(zone).date()
    return _day_words(local.date(), today, f"{local.hour:02}:{local.minute:02}")


def moment_words(moment: Moment, now: datetime, zone: tzinfo) -> str:
    """As `instant_words`, with no more components than were written."""
    if moment.has_time:
        return instant_words(moment.instant, now, zone)
    if moment.precision < 3:
        return moment.instant.strftime("%Y-%m" if moment.precision == 2 else "%Y")
    # A date without a time names a day where it was written; another zone must not move it to the next.
    day, today = moment.instant.date(), now.astimezone(zone).date()
    if day == today:
        return "today"
    return day.strftime("%m-%d") if day.year == today.year else day.isoformat()


def _day_words(day: date, today: date, time: str) -> str:
    if day == today:
        return time
    return f"{day:%m-%d} {time}" if day.year == today.year else f"{day.isoformat()} {time}"


def moment_tip(moment: Moment, zone: tzinfo) -> str:
    """The whole time, the value as it was written and whose zone was used."""
    at = in_zone(moment.instant, zone)
    whole = (
        f"{at:%Y-%m-%d %H:%M:%S} {offset_words(at)}" if moment.has_time else moment.instant.date().isoformat()
    )
    sources = {
        ZoneSource.VALUE: "zone from the value",
        ZoneSource.DATA_SET: "zone from Timezone Offset From UTC (0008,0201)",
        ZoneSource.PROFILE: "no zone written, so the server's profile counts",
    }
    return f"{whole}\nWritten as {moment.raw}, {sources[moment.zone_source]}"


def offset_words(at: datetime) -> str:
    """`UTC+01:00`."""
    text = at.strftime("%z")
    return f"UTC{text[:3]}:{text[3:5]}"


# Patients: while names are hidden, all words of them are those of a pseudonym.


def name_words(facts: PatientFacts) -> str:
    return masking.facts(facts).display_name or "no name"


def id_words(facts: PatientFacts) -> str:
    return plain(masking.facts(facts).patient_id) or "no ID"


def born_words(facts: PatientFacts) -> str:
    """An ISO date; a value that is no date as it was written."""
    facts = masking.facts(facts)
    born = facts.born
    return born.isoformat() if born else plain(facts.birth_date) or "born unknown"


def sex_words(facts: PatientFacts) -> str:
    """As written: M, F, O or what the server sent."""
    return plain(facts.sex) or "sex unknown"


def born_and_sex(facts: PatientFacts) -> str:
    """For one table cell; a dash for what is unknown."""
    return birth_date_words(masking.facts(facts))


def birth_date_words(facts: PatientFacts) -> str:
    """As `born_and_sex`, hidden or not, for what is searched."""
    born = facts.born
    if not facts.birth_date and not facts.sex:
        return "–"
    return f"{born.isoformat() if born else plain(facts.birth_date) or '–'} {plain(facts.sex) or '–'}"


def age_words(facts: PatientFacts, today: date) -> str:
    """`69 y`, below two years `14 mo`, below three months `20 d`; empty when unknown or in the future."""
    born = masking.facts(facts).born
    if born is None or born > today:
        return ""
    days = (today - born).days
    months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    if months < 3:
        return f"{days} d"
    return f"{months} mo" if months < 24 else f"{months // 12} y"


def patient_sentence(facts: PatientFacts) -> str:
    """All four facts in one sentence part."""
    facts = masking.facts(facts)
    born = f"born {born_words(facts)}" if facts.born else born_words(facts)
    number = f"ID {id_words(facts)}" if facts.patient_id else "no ID"
    return f"{name_words(facts)}, {number}, {born}, {sex_words(facts)}"


def look_alike_words(facts: PatientFacts, others: Sequence[LookAlike]) -> str:
    """`Look-alike: Novák, Jan, same birth date`; empty when nobody can be taken for this patient."""
    told = []
    for other in others[:_NAMED]:
        name = name_words(other.facts)
        # Under one name the IDs tell them apart; that a name is similar is to be seen.
        who = [name, f"ID {id_words(other.facts)}"] if name == name_words(facts) else [name]
        why = [one.words for one in other.likenesses if one is not Likeness.SIMILAR_NAME]
        told.append(", ".join([*who, *(why or [Likeness.SIMILAR_NAME.words])]))
    if len(others) > _NAMED:
        told.append("and others")
    return f"{'Look-alike' if len(others) == 1 else 'Look-alikes'}: {'; '.join(told)}" if told else ""


# Workitems


def state_words(state: ProcedureStepState | None) -> str:
    return state.words if state else "Unknown"


_PENDING = {
    Action.START: "Starting…",
    Action.PROGRESS: "Reporting…",
    Action.COMPLETE: "Completing…",
    Action.CANCEL: "Canceling…",
    Action.CANCEL_BEFORE_START: "Calling off…",
    Action.ASK_TO_CANCEL: "Asking…",
    Action.EDIT: "Saving…",
}


def pending_words(action: Action) -> str:
    """While a request is under way."""
    return _PENDING[action]


def priority_words(priority: Priority | None) -> str:
    return priority.words if priority else ""


def readiness_words(readiness: InputReadiness | None) -> str:
    return {
        None: "",
        InputReadiness.READY: "Inputs ready",
        InputReadiness.INCOMPLETE: "Inputs incomplete",
        InputReadiness.UNAVAILABLE: "Inputs unavailable",
    }[readiness]


def percent_words(progress: Progress) -> str:
    """`48 %`; empty when no percentage was reported, which is not 0 %."""
    return "" if progress.percent is None else f"{progress.percent:.0f} %"


def elsewhere_words(workitem: Workitem) -> str:
    """The holder when it is not this desk: an SCP names none, the planned station is the only hint."""
    return f"another system (planned for {workitem.station})" if workitem.station else "another system"


def row_sentence(workitem: Workitem, due_now: Due, *, held_here: bool = False, pending: str = "") -> str:
    """A row for a screen reader: patient, ID, state, due, label."""
    facts = workitem.patient
    parts = [
        name_words(facts),
        f"ID {id_words(facts)}" if facts.patient_id else "no ID",
        pending.rstrip("…") or state_words(workitem.state),
        due_now.sentence,
        masking.words(workitem.label_words, workitem) or "no label",
    ]
    if held_here:
        parts.append("held by this desk")
    return ", ".join(part for part in parts if part) + "."


def outside_filter(workitem: Workitem | None, now: datetime, zone: tzinfo, *, is_held: bool = False) -> str:
    """Why the selected workitem is no row of the table any more."""
    if workitem is None and is_held:
        return "Held by this desk; the server has not told about it yet"
    if workitem is None:
        return "The server does not list this workitem any more"
    ended = ended_at(workitem)
    told = f" {instant_words(ended, now, zone)}" if ended else ""
    return f"{state_words(workitem.state)}{told}, outside this filter"


# Answers and counts


def outcome_sentence(outcome: Outcome) -> str:
    """Meaning, code and next step; never only "failed"."""
    code = f" (status {outcome.code_text})" if outcome.code_text and outcome.kind is not Kind.SUCCESS else ""
    return " ".join(part for part in (f"{outcome.meaning.rstrip('.')}{code}.", outcome.next_step) if part)


def count_words(count: int, one: str, many: str = "") -> str:
    """`1 workitem`, `2 workitems`, `1 240 workitems`."""
    return f"{number_words(count)} {one if count == 1 else many or one + 's'}"


def number_words(number: int) -> str:
    """Digits in groups of three, with a space that does not break."""
    return f"{number:,}".replace(",", "\u00a0")


def listed(words: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    found = [word for word in words if word]
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}" if found else ""
