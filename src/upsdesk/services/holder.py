"""What the holder of a workitem does while it goes on: progress and changes."""

from __future__ import annotations

from dataclasses import dataclass

from upsdesk.domain import attributes, tags
from upsdesk.domain.attributes import element
from upsdesk.domain.contacts import Contact
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.events import ProgressReported
from upsdesk.domain.keys import TransactionUid, WorkitemKey
from upsdesk.domain.requirements import set_forbidden
from upsdesk.domain.state import Action, ProcedureStepState, Refusal
from upsdesk.domain.status import no_answer
from upsdesk.domain.workitem import read_progress
from upsdesk.services.act import Act, ActEnded
from upsdesk.services.claims import Owner, settle_claim
from upsdesk.services.command import NO_LOCK, Command, read_quietly
from upsdesk.services.desk_file import ClaimStatus
from upsdesk.services.readback import attribute_name, read_back
from upsdesk.services.results import (
    CHANGED,
    Fact,
    FactChange,
    Result,
    ResultKind,
    ShownFacts,
)

S = ProcedureStepState
_PROGRESS = tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE


class WithLock(Command):
    """Commands of the holder: the Transaction UID comes from the vault."""

    shown: ShownFacts | None
    reads_everything = False
    """What the Standard does not list too."""

    async def read_first(self, act: Act) -> tuple[Elements, TransactionUid | None]:
        """The workitem as it is now and its lock; raise ActEnded when the act cannot go on."""
        entry = act.entry
        if entry is not None and entry.status is ClaimStatus.CLAIM_SENT:
            settled = await settle_claim(act, entry, repeat=False)
            if settled.owner is Owner.OURS:
                await act.on_disk(act.desk.confirm_claim(entry))
        elements = await act.reread_and_compare(
            self.shown, force=self.force, everything=self.reads_everything
        )
        entry = act.entry
        if act.state is S.SCHEDULED:
            return elements, None
        if entry is None and not self.force:
            raise act.illegal(NO_LOCK)
        return elements, entry.transaction_uid if entry is not None else None


@dataclass(frozen=True)
class ReportProgress(WithLock):
    """N-SET of the Progress Information Sequence; what it already holds is sent along unchanged."""

    key: WorkitemKey
    percent: float | None = None
    """0 to 100; None leaves it as it is."""
    description: str | None = None
    parameters: tuple[Elements, ...] | None = None
    """Content items (PS3.4 Table CC.2.5-2b), all of them: they replace those that are there."""
    contacts: tuple[Contact, ...] | None = None
    """All of them."""
    shown: ShownFacts | None = None
    force: bool = False

    title = "Report progress"
    action = Action.PROGRESS

    async def _steps(self, act: Act) -> Result:
        elements, lock = await self.read_first(act)
        changed: list[Element] = []
        if self.percent is not None:
            changed.append(element(tags.PROCEDURE_STEP_PROGRESS, f"{self.percent:g}"))
        if self.description is not None:
            changed.append(element(tags.PROCEDURE_STEP_PROGRESS_DESCRIPTION, self.description))
        if self.parameters is not None:
            changed.append(
                attributes.sequence(tags.PROCEDURE_STEP_PROGRESS_PARAMETERS_SEQUENCE, *self.parameters)
            )
        if self.contacts is not None:
            items = (contact.to_elements() for contact in self.contacts)
            changed.append(attributes.sequence(tags.PROCEDURE_STEP_COMMUNICATIONS_URI_SEQUENCE, *items))
        sent = Elements([with_progress(elements, *changed)])
        await act.begin()
        try:
            answer = await act.send(act.desk.gateway.set(act.peer, act.key.uid, sent, lock))
        except NoAnswer as error:
            return await _unanswered(act, error)
        if not answer.outcome.is_done:
            await read_quietly(act)
            return await act.finish(ResultKind.REFUSED, answer.outcome)
        progress = read_progress(sent.items(_PROGRESS)[0])
        act.desk.apply(ProgressReported(act.key, progress, act.desk.clock()))
        await read_back(act, sent)
        return await act.finish(ResultKind.DONE, answer.outcome)


@dataclass(frozen=True)
class Edit(WithLock):
    """N-SET of what was changed and nothing else, then a look at what was stored."""

    key: WorkitemKey
    base: Elements
    """The data set that the editor was opened on."""
    wanted: Elements
    force: bool = False

    title = "Edit"
    action = Action.EDIT
    shown = None
    reads_everything = True

    async def _steps(self, act: Act) -> Result:
        elements, lock = await self.read_first(act)
        changes = self.base.changes_to(self.wanted).without(tags.SPECIFIC_CHARACTER_SET)
        forbidden = set_forbidden(changes)
        if forbidden and not self.force:
            names = ", ".join(attribute_name(tag) for tag in forbidden)
            raise act.illegal(
                Refusal(f"These attributes cannot be changed any more: {names}.", "Take them back.")
            )
        conflicts = () if self.force else tuple(_conflicts(self.base, elements, changes))
        if conflicts:
            raise ActEnded(act.result(ResultKind.CHANGED, CHANGED, changes=conflicts))
        changes = Elements(found for found in changes if elements.get(found.tag) != found)
        if not len(changes):
            raise act.illegal(Refusal("Nothing was changed.", "Change something, or discard."))
        await act.begin()
        try:
            answer = await act.send(act.desk.gateway.set(act.peer, act.key.uid, changes, lock))
        except NoAnswer as error:
            return await _unanswered(act, error, changes)
        if not answer.outcome.is_done:
            await read_quietly(act)
            return await act.finish(ResultKind.REFUSED, answer.outcome)
        await read_back(act, changes)
        return await act.finish(ResultKind.DONE, answer.outcome)


def _conflicts(base: Elements, now: Elements, changes: Elements) -> list[FactChange]:
    """What somebody else changed meanwhile among the attributes that were edited here."""
    found = []
    for change in changes:
        before, after = base.get(change.tag), now.get(change.tag)
        known = before if before is not None and not before.is_empty else None
        told = after if after is not None and not after.is_empty else None
        if known != told and told != change:
            words = (known.text if known else "", told.text if told else "")
            found.append(FactChange(Fact.ATTRIBUTE, *words, change.tag, attribute_name(change.tag)))
    return found


def with_progress(elements: Elements, *changed: Element) -> Element:
    """The Progress Information Sequence with one item: what it held, and `changed` (PS3.4 CC.2.6.2)."""
    items = elements.items(_PROGRESS)
    item = items[0] if items else Elements()
    return attributes.sequence(_PROGRESS, item.with_elements(*changed), *items[1:])


async def _unanswered(act: Act, error: NoAnswer, sent: Elements | None = None) -> Result:
    """An N-SET without an answer: it changes nothing twice, so reading tells whether it was carried out."""
    if not error.sent:
        raise act.not_sent(no_answer(error)) from error
    notes = len(act.notes)
    await read_back(act, sent or Elements())
    if sent is not None and len(act.notes) == notes:
        act.notes.append("The answer was lost; reading the workitem shows that it was carried out.")
        return await act.finish(ResultKind.DONE, act.answers[-1].outcome)
    return await act.finish(ResultKind.UNKNOWN, no_answer(error))
