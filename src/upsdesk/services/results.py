"""What became of a command: the values that dialogs and the command line show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from upsdesk.domain.keys import SopInstanceUid, WorkitemKey
from upsdesk.domain.operation import Answer
from upsdesk.domain.plain import plain
from upsdesk.domain.requirements import Need
from upsdesk.domain.state import ProcedureStepState, Refusal
from upsdesk.domain.status import Kind, Outcome
from upsdesk.domain.workitem import PatientFacts, Workitem

if TYPE_CHECKING:
    from upsdesk.services.ending import CreateAgain


class Fact(Enum):
    """What a dialog shows and a command compares before it sends anything."""

    STATE = "State"
    NAME = "Name"
    PATIENT_ID = "Patient ID"
    ISSUER = "Issuer of the patient ID"
    BIRTH_DATE = "Birth date"
    SEX = "Sex"
    ATTRIBUTE = "Attribute"

    @property
    def words(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class FactChange:
    """One fact that is not any more as it was shown. `name` is the attribute's when `fact` is ATTRIBUTE."""

    fact: Fact
    before: str
    now: str
    tag: int | None = None
    name: str = ""

    @property
    def words(self) -> str:
        return f"{self.name or self.fact.words}: was {self.before or 'empty'}, now {self.now or 'empty'}"


@dataclass(frozen=True, slots=True)
class ShownFacts:
    """What the person at the desk saw when confirming."""

    state: ProcedureStepState
    patient: PatientFacts

    @classmethod
    def of(cls, workitem: Workitem) -> ShownFacts:
        """The facts of a workitem; raise ValueError when its state is not known."""
        if workitem.state is None:
            raise ValueError("the state of this workitem is not known")
        return cls(workitem.state, workitem.patient)

    def changes_to(self, now: Workitem) -> tuple[FactChange, ...]:
        """What `now` tells differently. An issuer that only one side knows is no difference."""
        state = now.state.words if now.state else ""
        was, told = self.patient, now.patient
        pairs = [
            (Fact.STATE, self.state.words, state, self.state.words == state),
            (Fact.NAME, was.display_name, told.display_name, _same_name(was.name, told.name)),
            (Fact.PATIENT_ID, was.patient_id, told.patient_id, was.patient_id == told.patient_id),
            (Fact.BIRTH_DATE, was.birth_date, told.birth_date, _same_date(was, told)),
            (Fact.SEX, was.sex, told.sex, was.sex == told.sex),
        ]
        if was.issuer and told.issuer:
            pairs.append((Fact.ISSUER, was.issuer, told.issuer, was.issuer == told.issuer))
        return tuple(FactChange(fact, before, after) for fact, before, after, same in pairs if not same)


def _same_name(first: str, second: str) -> bool:
    """Trailing empty components and groups do not count (PS3.5 6.2.1)."""
    return _trimmed(first) == _trimmed(second)


def _trimmed(name: str) -> str:
    return "=".join(group.rstrip("^ ") for group in name.split("=")).rstrip("= ")


def _same_date(first: PatientFacts, second: PatientFacts) -> bool:
    if first.born and second.born:
        return first.born == second.born
    return first.birth_date == second.birth_date


class ResultKind(Enum):
    """How a command ended."""

    DONE = "done"
    """The peer confirmed it, with or without remarks."""
    REFUSED = "refused"
    """The peer answered with a failure."""
    UNKNOWN = "unknown"
    """No answer came; it may have been carried out."""
    NOT_SENT = "not sent"
    """No answer came before the act itself, so it was not sent."""
    CHANGED = "changed"
    """The workitem is not as it was shown; nothing was sent."""
    ILLEGAL = "illegal"
    """Refused here; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Result:
    """The end of a command. `outcome` has a sentence and, unless done, a next step."""

    kind: ResultKind
    outcome: Outcome
    answers: tuple[Answer, ...] = ()
    """Every answer that came, in order, the one to the re-read first."""
    changes: tuple[FactChange, ...] = ()
    notes: tuple[str, ...] = ()
    refusal: Refusal | None = None
    missing: tuple[Need, ...] = ()
    key: WorkitemKey | None = None
    again: Result | None = None
    """Of a cancellation that was to create the same workitem anew: what became of that."""
    again_by: CreateAgain | None = None
    """What asks for the new workitem once more."""

    @property
    def sent(self) -> bool:
        """The act itself went out."""
        return self.kind in (ResultKind.DONE, ResultKind.REFUSED, ResultKind.UNKNOWN)

    @property
    def uid(self) -> SopInstanceUid | None:
        return self.key.uid if self.key else None

    @property
    def server_words(self) -> tuple[str, ...]:
        """What the server wrote into its answers (Error Comment, 0000,0902), a sentence each."""
        comments = (plain(one.error_comment) for one in self.answers if one.error_comment)
        return tuple(f"The server says: {comment}" for comment in comments)


GONE = frozenset({0xC307, 0x0112})
"""Failures that say that the peer does not know the workitem (PS3.4 Table CC.2.7-1, PS3.7 Annex C)."""

ENDED_BEFORE = {0xB304: ProcedureStepState.CANCELED, 0xB306: ProcedureStepState.COMPLETED}
"""Warnings to a change of state: nothing was done, the workitem had ended (PS3.4 Table CC.2.1-2)."""


def ended_before(outcome: Outcome, ended: ProcedureStepState, wanted: str) -> Outcome:
    """The warning in words that say what did not happen; `wanted` as in "started"."""
    return replace(
        outcome,
        meaning=f"It was already {ended.words.lower()}, so it was not {wanted}.",
        next_step="Create a new workitem if more is to be done.",
    )


CHANGED = Outcome(
    Kind.NONE,
    "The workitem is not any more as it was shown. Nothing was sent.",
    "Look at what changed, then decide again.",
)
MISSING = Outcome(
    Kind.NONE, "The final state needs attributes that are missing.", "Fill what is missing, then try again."
)


def refused_here(refusal: Refusal) -> Outcome:
    """A refusal of this desk as an outcome."""
    return Outcome(Kind.NONE, refusal.reason, refusal.next_step)
