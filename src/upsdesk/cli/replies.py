"""How a verb tells what came of its one operation: a line of text, or one JSON object."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from upsdesk.cli.exchange import tell_data_set
from upsdesk.cli.exits import ExitStatus
from upsdesk.domain.state import Refusal
from upsdesk.domain.status import Kind, Outcome, no_answer

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.domain.elements import Elements
    from upsdesk.domain.errors import NoAnswer
    from upsdesk.domain.keys import SopInstanceUid
    from upsdesk.domain.operation import Answer
    from upsdesk.domain.peer import Peer

LEAKED_LOCK = "the answer carried a Transaction UID, which no server may return; it was dropped"


@dataclass
class Reply:
    """What is known of one operation before its answer, and the ways in which it can end.

    Every ending prints once and returns the exit status.
    """

    console: Console
    peer: Peer
    uid: SopInstanceUid | None
    as_json: bool
    clock: Callable[[], float] = time.monotonic
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.clock()

    def answered(
        self,
        answer: Answer,
        text: str | None = None,
        *,
        attributes: Elements | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> ExitStatus:
        """The peer answered. `text` is the result in plain text; default: status and meaning, empty: none.

        `attributes` and `more` go into the JSON object only.
        """
        outcome = answer.outcome
        tell_data_set(self.console, "received", answer.elements)
        if self.as_json:
            from upsdesk.dicom.json_model import to_json

            extra: dict[str, Any] = dict(more or {})
            if attributes is not None:
                extra["attributes"] = to_json(attributes)
            self._print_object(
                outcome,
                extra,
                uid=answer.uid,
                error_comment=answer.error_comment,
                context=answer.context.value if answer.context else None,
                elapsed_ms=round(answer.elapsed_ms, 1),
            )
        elif outcome.is_done and text != "":
            self.console.result(sentence(outcome) if text is None else text)
        if not outcome.is_done or (outcome.kind is Kind.WARNING and (self.as_json or text is not None)):
            self.console.note(failure_text(answer))
        if answer.leaked_lock:
            self.console.note(LEAKED_LOCK)
        return exit_status(outcome)

    def unanswered(self, error: NoAnswer) -> ExitStatus:
        """No usable answer came."""
        return self.ended(no_answer(error, is_harmless=self.console.verb in ("echo", "get")), {})

    def ended(self, outcome: Outcome, more: Mapping[str, Any]) -> ExitStatus:
        """It ended with `outcome`, whose message is not at hand."""
        if self.as_json:
            self._print_object(outcome, dict(more))
        elif outcome.is_done:
            self.console.result(sentence(outcome))
        if not outcome.is_done:
            self.console.note(sentence(outcome))
        return exit_status(outcome)

    def refused(self, refusal: Refusal) -> ExitStatus:
        """The act is not sent."""
        if self.as_json:
            self._print_object(Outcome(Kind.NONE, refusal.reason, refusal.next_step), {})
        self.console.note(f"not sent: {refusal}")
        return ExitStatus.REFUSED

    def _print_object(
        self,
        outcome: Outcome,
        extra: dict[str, Any],
        *,
        uid: SopInstanceUid | None = None,
        error_comment: str = "",
        context: str | None = None,
        elapsed_ms: float | None = None,
    ) -> None:
        if elapsed_ms is None:
            elapsed_ms = round((self.clock() - self.began) * 1000, 1)
        found = {
            "operation": self.console.verb,
            "peer": self.peer.address,
            "sop_instance_uid": uid or self.uid,
            "status": outcome.code_text or None,
            "category": outcome.kind.value,
            "meaning": outcome.meaning,
            "next_step": outcome.next_step,
            "error_comment": error_comment,
            "context": context,
            "elapsed_ms": elapsed_ms,
        }
        self.console.result(json.dumps(found | extra, ensure_ascii=False, indent=2))


def exit_status(outcome: Outcome) -> ExitStatus:
    """The exit status that an answer leads to."""
    if outcome.is_done:
        return ExitStatus.DONE
    if outcome.kind is Kind.NONE:
        return ExitStatus.NO_ANSWER
    return ExitStatus.FAILURE


def sentence(outcome: Outcome) -> str:
    """Code, meaning and next step in one line."""
    return " ".join(part for part in (outcome.code_text, outcome.meaning, outcome.next_step) if part)


def failure_text(answer: Answer) -> str:
    """As `sentence`, with what the peer added: its comment, and the attributes it names."""
    text = sentence(answer.outcome)
    if answer.offending:
        text += f" Attributes: {', '.join(attribute_name(tag) for tag in answer.offending)}."
    if answer.error_comment:
        text += f" The server's comment: {printable(answer.error_comment)}"
    return text


def attribute_name(tag: int) -> str:
    """The keyword of a tag, else eight hex digits."""
    from upsdesk.dicom.paths import path_text

    return path_text((tag,))


def printable(text: str) -> str:
    """`text` without characters that would steer a terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
