"""One run of a command: read first, note it on disk, send, note what came, and mark what is not settled."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any

from upsdesk.domain.elements import Elements
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.events import Read, Removed, StateReported
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.operation import Answer
from upsdesk.domain.state import Action, ProcedureStepState, Refusal, refusal
from upsdesk.domain.status import DONE, Kind, Outcome, no_answer
from upsdesk.domain.workitem import EncodedDataSet, Workitem
from upsdesk.services.activity import ActivityEntry, ActivityKind, subject_of
from upsdesk.services.desk_file import (
    ActRecord,
    ActStatus,
    ClaimStatus,
    DeskFileError,
    JournalEntry,
    JournalKind,
    VaultEntry,
)
from upsdesk.services.flags import Mark, MarkKind, PendingAct
from upsdesk.services.results import CHANGED, GONE, Result, ResultKind, ShownFacts, refused_here
from upsdesk.services.threads import in_thread
from upsdesk.services.whole import get_whole

if TYPE_CHECKING:
    from upsdesk.services.desk import Desk

_NO_STATE = Refusal(
    "The server did not tell the state of this workitem.", "Report it to the server's vendor."
)
_NOT_HELD_ANY_MORE = Refusal(
    "This desk does not hold it any more: its key was handed over or forgotten.",
    "Let the desk go on that holds it now, or take it over again.",
)
_INTERRUPTED = Outcome(
    Kind.NONE,
    "Stopped here before an answer came.",
    "It is unknown whether it was carried out: read the workitem again before repeating it.",
)


class ActEnded(Exception):
    """The command is over before its act was sent."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.kind.value)
        self.result = result


class Act:
    """The state of one run. As a context manager it shows the pending mark, and never leaves one behind."""

    def __init__(self, desk: Desk, key: WorkitemKey, title: str, action: Action | None) -> None:
        self.desk = desk
        self.key = key
        self.title = title
        self.action = action
        self.peer = desk.peer(key.peer)
        self.answers: list[Answer] = []
        self.notes: list[str] = []
        self._record: ActRecord | None = None

    async def __aenter__(self) -> Act:
        if self.action is not None:
            self.desk.store.set_pending(self.key, PendingAct(self.action, self.desk.clock()))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.desk.store.set_pending(self.key, None)
        if self._record is None:
            return
        if isinstance(error, ActEnded):
            await self._settle_record(error.result.kind, error.result.outcome)
        elif error is not None:
            # The record on disk stays as it is, so that the next start finds it too.
            self._mark(MarkKind.UNKNOWN, _INTERRUPTED, self._record.id)

    @property
    def workitem(self) -> Workitem | None:
        return self.desk.store.get(self.key)

    @property
    def state(self) -> ProcedureStepState | None:
        workitem = self.workitem
        return workitem.state if workitem is not None else None

    @property
    def entry(self) -> VaultEntry | None:
        """What the vault holds for this workitem."""
        return self.desk.vault_entry(self.key)

    @property
    def held_here(self) -> bool:
        entry = self.entry
        return entry is not None and entry.status is ClaimStatus.HELD

    async def reread(self, *, everything: bool = False) -> Elements:
        """N-GET of the whole workitem; raise ActEnded when it does not answer, since nothing is sent then.

        `everything`: with what the Standard does not list.
        """
        gateway, uid = self.desk.gateway, self.key.uid
        try:
            answer = await (get_whole(gateway, self.peer, uid) if everything else gateway.get(self.peer, uid))
        except NoAnswer as error:
            raise self.not_sent(_not_sent(no_answer(error))) from error
        self.answers.append(answer)
        if not answer.outcome.is_done or answer.elements is None:
            if answer.status in GONE:
                await self._gone()
            raise self.not_sent(_not_sent(answer.outcome))
        await self.take_in(answer)
        return answer.elements

    async def _gone(self) -> None:
        """The peer does not know the workitem."""
        self.desk.apply(Removed(self.key, self.desk.clock()))
        await self.on_disk(self.desk.settle(self.key))
        if self.held_here:
            self.notes.append("This desk keeps its Transaction UID: ask the server's administrator.")

    async def take_in(self, answer: Answer) -> None:
        """Put an N-GET answer into the store, and let go of a lock whose workitem has ended."""
        if answer.elements is None:
            return
        data = EncodedDataSet(answer.data, answer.transfer_syntax) if answer.data is not None else None
        self.desk.apply(Read(self.key, answer.elements, data, self.desk.clock()))
        await self.on_disk(self.desk.settle(self.key))

    async def reread_and_compare(
        self, shown: ShownFacts | None, *, force: bool, everything: bool = False
    ) -> Elements:
        """Read again; raise ActEnded when it is not as shown, or when the act is not legal any more."""
        elements = await self.reread(everything=everything)
        workitem = self.workitem
        if force or workitem is None:
            return elements
        changes = shown.changes_to(workitem) if shown is not None else ()
        if changes:
            raise ActEnded(self.result(ResultKind.CHANGED, CHANGED, changes=changes))
        self.require_legal()
        return elements

    def require_legal(self) -> None:
        """Raise ActEnded when the state table forbids the act."""
        if self.action is None:
            return
        refused = refusal(self.action, self.state, held_here=self.held_here) if self.state else _NO_STATE
        if refused is not None:
            raise self.illegal(refused)

    def illegal(self, refused: Refusal) -> ActEnded:
        return ActEnded(self.result(ResultKind.ILLEGAL, refused_here(refused), refusal=refused))

    def not_sent(self, outcome: Outcome) -> ActEnded:
        return ActEnded(self.result(ResultKind.NOT_SENT, outcome))

    async def begin(self) -> None:
        """Note the act on disk before anything of it is sent; raise ActEnded when that is not possible."""
        record = ActRecord(
            id=self.desk.make_uid(),
            key=self.key,
            called_aet=self.peer.called_aet,
            host=self.peer.host,
            port=self.peer.port,
            title=self.title,
            action=self.action,
            began_at=self.desk.clock(),
            process=os.getpid(),
        )
        used = self.entry
        await self.required_on_disk(lambda: self.desk.desk_file.begin_act(record))
        await self._require_still_ours(used, record)
        await self.required_on_disk(lambda: self.desk.desk_file.record(self._entry(JournalKind.REQUEST)))
        self._record = record

    async def _require_still_ours(self, used: VaultEntry | None, record: ActRecord) -> None:
        """A lock that another program of this desk has handed over meanwhile is not used any more."""
        if used is None:
            return
        try:
            await self.desk.look_into_vault()
        except DeskFileError as error:
            raise self.not_sent(_unwritable(error)) from error
        if self.entry is None:
            await self.on_disk(in_thread(lambda: self.desk.desk_file.end_act(record.id), "acts"))
            raise self.illegal(_NOT_HELD_ANY_MORE)

    async def required_on_disk(self, write: Callable[[], None]) -> None:
        """Write in a thread; when the disk refuses, nothing is sent."""
        try:
            await in_thread(write, "desk-file")
        except DeskFileError as error:
            raise self.not_sent(_unwritable(error)) from error

    async def on_disk(self, write: Coroutine[Any, Any, None]) -> None:
        """Write what is no condition for sending; a disk that refuses becomes a note."""
        try:
            await write
        except DeskFileError as error:
            self.notes.append(str(error))

    async def send(self, request: Coroutine[Any, Any, Answer]) -> Answer:
        """Await one request of the act and journal its answer; raise NoAnswer."""
        try:
            answer = await request
        except NoAnswer as error:
            outcome = no_answer(error)
            await self.on_disk(self.desk.journal.record(self._entry(JournalKind.ANSWER, outcome)))
            raise
        except ValueError as error:  # a value that its VR cannot hold: nothing was sent
            raise self.illegal(Refusal(f"This cannot be sent: {error}.", "Correct the value.")) from error
        self.answers.append(answer)
        await self.on_disk(self.desk.journal.record(self._entry(JournalKind.ANSWER, answer.outcome)))
        return answer

    def confirm_state(self, state: ProcedureStepState) -> None:
        """The peer confirmed our own change of state."""
        self.desk.apply(StateReported(self.key, state, self.desk.clock(), own=True))

    def result(self, kind: ResultKind, outcome: Outcome, **more: Any) -> Result:
        return Result(kind, outcome, tuple(self.answers), notes=tuple(self.notes), key=self.key, **more)

    async def finish(self, kind: ResultKind, outcome: Outcome, **more: Any) -> Result:
        """Settle the record on disk, the mark on the row and the activity, and build the result."""
        await self._settle_record(kind, outcome)
        self.desk.activity.add(
            ActivityEntry(
                self.desk.clock(),
                _ACTIVITY[kind],
                self.title,
                subject_of(self.workitem),
                "" if outcome.meaning == DONE else outcome.meaning,
                " ".join(part for part in (outcome.code_text, kind.value) if part),
                self.key,
                self.key.peer,
            )
        )
        return self.result(kind, outcome, **more)

    async def _settle_record(self, kind: ResultKind, outcome: Outcome) -> None:
        record = self._record
        if record is None:
            return
        file = self.desk.desk_file
        known = self.desk.store.mark(self.key)
        if kind in (ResultKind.REFUSED, ResultKind.UNKNOWN):
            refused = kind is ResultKind.REFUSED
            settled = replace(
                record, status=ActStatus.REFUSED if refused else ActStatus.UNKNOWN, outcome=outcome
            )
            await self.on_disk(in_thread(lambda: file.update_act(settled), "acts"))
            self._mark(MarkKind.REFUSED if refused else MarkKind.UNKNOWN, outcome, record.id)
            if known is not None:  # one mark per row: the newest
                await self.on_disk(in_thread(lambda: file.end_act(known.act_id), "acts"))
        else:
            await self.on_disk(in_thread(lambda: file.end_act(record.id), "acts"))
            if kind is ResultKind.DONE and known is not None and known.action is self.action:
                await self.on_disk(self.desk.acknowledge(self.key))
        self._record = None

    def _mark(self, kind: MarkKind, outcome: Outcome, act_id: str) -> None:
        self.desk.store.set_mark(self.key, Mark(kind, self.action, outcome, self.desk.clock(), act_id))

    def _entry(self, kind: JournalKind, outcome: Outcome | None = None) -> JournalEntry:
        return JournalEntry(
            self.desk.clock(),
            self.key.peer,
            kind,
            self.title,
            self.key,
            outcome.code_text if outcome else "",
            outcome.meaning if outcome else "",
            self.desk.operator,
        )


_ACTIVITY = {
    ResultKind.DONE: ActivityKind.OWN_ACT,
    ResultKind.REFUSED: ActivityKind.REFUSED,
    ResultKind.UNKNOWN: ActivityKind.UNKNOWN,
    ResultKind.NOT_SENT: ActivityKind.NOTE,
    ResultKind.CHANGED: ActivityKind.NOTE,
    ResultKind.ILLEGAL: ActivityKind.NOTE,
}


def is_running(process: int) -> bool:
    """Whether another process goes on; this one, and where it cannot be told, does not count."""
    if process == os.getpid():
        return False
    if os.name != "posix":  # there, signal 0 would end the process
        return False
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _unwritable(error: DeskFileError) -> Outcome:
    return Outcome(Kind.NONE, f"Nothing was sent: {error}", "Make the disk writable, then try again.")


def _not_sent(outcome: Outcome) -> Outcome:
    """A failed re-read: the sentence stays, the next step is that of something that was not sent."""
    step = outcome.next_step
    if outcome.kind is Kind.NONE and ("unknown whether" in step or "Nothing was sent" in step):
        step = "Try again."
    return replace(outcome, next_step=f"Nothing was sent. {step}".strip())
