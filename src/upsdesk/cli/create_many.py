"""Several new workitems by one line of `upsdesk create`: one result line each, and going on later."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli.create_log import CreateLog, Step
from upsdesk.cli.exchange import association, tell_data_set
from upsdesk.cli.exits import ExitStatus, UsageError
from upsdesk.cli.replies import exit_status, failure_text, sentence
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.state import Refusal
from upsdesk.domain.status import Kind, Outcome, no_answer

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.dicom.scu import UpsScu
    from upsdesk.domain.elements import Elements
    from upsdesk.domain.peer import Peer

_DUPLICATE = 0x0111
_BEFORE = Outcome(Kind.SUCCESS, "Created before.")


@dataclass(frozen=True, slots=True)
class Item:
    """One workitem to be created, ready to be sent or not."""

    place: str
    elements: Elements
    uid: SopInstanceUid | None
    refusal: Refusal | None


class CreateMany:
    """One run over a list. A row that is refused does not stop it; a server that does not answer does."""

    def __init__(
        self, options: argparse.Namespace, console: Console, peer: Peer, log: CreateLog | None
    ) -> None:
        self._via = shared.via_argument(options)
        self._console = console
        self._peer = peer
        self._log = log
        self._as_json = options.format == "json"
        self._worst = ExitStatus.DONE

    def run(self, items: Sequence[Item]) -> ExitStatus:
        """Create them in order; the exit status is that of the worst row."""
        rows = [self._log.row_of(item.elements, item.uid) if self._log else "" for item in items]
        with association(self._console, self._peer) as scu:
            for number, (item, row) in enumerate(zip(items, rows, strict=True)):
                if self._console.results_gone.is_set() or not self._create(scu, item, row):
                    left = len(items) - number - 1
                    if left:
                        again = (
                            "go on with the same --resume" if self._log else "give --resume to go on later"
                        )
                        self._console.note(f"{left} more were not sent; {again}")
                    break
        return self._worst

    def _create(self, scu: UpsScu, item: Item, row: str) -> bool:
        """One row; False when the list ends here."""
        from upsdesk.bootstrap.core import new_uid

        known = self._log.known(row) if self._log else None
        if known is not None and known.step is Step.CREATED:
            self._tell(item, known.uid, _BEFORE)
            return True
        if item.refusal is not None:
            self._console.note(f"{item.place}: not sent: {item.refusal}")
            outcome = Outcome(Kind.NONE, item.refusal.reason, item.refusal.next_step)
            self._end(item, None, outcome, ExitStatus.REFUSED)
            return True
        uid = known.uid if known else item.uid or SopInstanceUid(new_uid())
        if self._log:
            self._log.note(row, uid, Step.SENDING)
        self._console.note(f"{item.place}: creating {uid}")
        tell_data_set(self._console, "sending", item.elements)
        try:
            answer = scu.create(uid, item.elements, **self._via)
        except NoAnswer as error:
            if not error.sent and self._log and (known is None or known.step is not Step.SENDING):
                self._log.note(row, uid, Step.FAILED)
            outcome = no_answer(error)
            self._console.note(f"{item.place}: {sentence(outcome)}")
            self._end(item, uid, outcome, ExitStatus.NO_ANSWER)
            return False
        except ValueError as error:  # a value that cannot be written as the attribute that it is for
            self._console.note(f"{item.place}: not sent: {error}")
            self._end(item, uid, Outcome(Kind.NONE, str(error), "Correct the value."), ExitStatus.REFUSED)
            return True
        outcome = answer.outcome
        if answer.status == _DUPLICATE and known is not None and known.step is Step.SENDING:
            # The attempt before had no answer, and this says that it arrived.
            outcome = _BEFORE
        elif not outcome.is_done or outcome.kind is Kind.WARNING:
            self._console.note(f"{item.place}: {failure_text(answer)}")
        if self._log:
            self._log.note(row, uid, Step.CREATED if outcome.is_done else Step.FAILED)
        self._end(item, uid, outcome, exit_status(outcome))
        return True

    def _end(self, item: Item, uid: SopInstanceUid | None, outcome: Outcome, status: ExitStatus) -> None:
        self._worst = max(self._worst, status, key=_HOW_BAD.index)
        self._tell(item, uid, outcome)

    def _tell(self, item: Item, uid: SopInstanceUid | None, outcome: Outcome) -> None:
        """One line: UID, status and place, or one JSON object."""
        if not self._as_json:
            status = outcome.code_text or ("0000" if outcome.is_done else "-")
            self._console.result("\t".join((uid or "-", status, item.place)))
            return
        found = {
            "operation": self._console.verb,
            "peer": self._peer.address,
            "sop_instance_uid": uid,
            "status": outcome.code_text or None,
            "category": outcome.kind.value,
            "meaning": outcome.meaning,
            "next_step": outcome.next_step,
            "source": item.place,
        }
        self._console.result(json.dumps(found, ensure_ascii=False))


_HOW_BAD = (ExitStatus.DONE, ExitStatus.REFUSED, ExitStatus.FAILURE, ExitStatus.NO_ANSWER)


def log_of(options: argparse.Namespace) -> CreateLog | None:
    """The file of --resume; raise UsageError when it cannot be one."""
    if options.resume is None:
        return None
    if options.file is None:
        raise UsageError("--resume is for the rows of -f")
    if options.iuid is not None or options.scp_uid or options.exact:
        raise UsageError("--resume makes the UIDs itself; it goes with neither --iuid, --scp-uid nor --exact")
    return CreateLog(options.resume)
