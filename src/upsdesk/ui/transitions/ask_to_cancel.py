"""The dialogs of Request Cancel: call off what nobody started, or ask the holder to cancel."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.domain.status import Kind
from upsdesk.services.commands import RequestCancel, Result, ResultKind
from upsdesk.services.desk import Desk
from upsdesk.ui import presenter
from upsdesk.ui.transitions.base import TransitionDialog, Words
from upsdesk.ui.transitions.facts import code_words, progress_words
from upsdesk.ui.transitions.notice import NoticeLevel
from upsdesk.ui.transitions.parts import Rows, SentBlock, SentMessage
from upsdesk.ui.transitions.request_form import RequestForm

_BEFORE_START = Words(
    title="Cancel before start?",
    subtitle="This is final. The server cancels a Scheduled workitem at once.",
    verb="Call off",
    icon="hand",
    target=ProcedureStepState.CANCELED,
    sending="Canceling at",
)
_ASK = Words(
    title="Ask to cancel?",
    subtitle="The system that works on it decides. Until then it goes on.",
    verb="Ask to cancel",
    icon="hand",
    target=None,
    sending="Asking at",
)


class RequestCancelDialog(TransitionDialog):
    """One message with two meanings (PS3.4 CC.2.2): `action` tells which of the two is meant."""

    def __init__(self, parent: QWidget | None, desk: Desk, key: WorkitemKey, action: Action) -> None:
        self._is_before_start = action is Action.CANCEL_BEFORE_START
        words = _BEFORE_START if self._is_before_start else _ASK
        super().__init__(parent, desk, key, action, words, danger=self._is_before_start, width=720)
        self._rows = Rows()
        self.middle.addWidget(self._rows)
        self.form = RequestForm(desk.settings.desk.name)
        self.text, self.reason, self.name, self.uri = (
            self.form.text,
            self.form.choice.box,
            self.form.name,
            self.form.uri,
        )
        self.middle.addWidget(self.form)
        self._sent = SentBlock()
        self.middle.addWidget(self._sent)
        self.form.changed.connect(self._changed)
        self.refresh()

    def first_missing(self) -> QWidget | None:
        return self.form.first_missing()

    def waits_for(self) -> Sequence[str]:
        return self.form.waits_for()

    def command(self) -> RequestCancel:
        return RequestCancel(
            self.key, self.form.request(), shown=self.shown(), before_start=self._is_before_start
        )

    def _changed(self) -> None:
        self._show_sent()
        self.update_waiting()

    def show_workitem(self) -> None:
        item, now = self.workitem, self.desk.clock()
        planned = presenter.moment_words(item.start, now, self.desk.zone) if item.start else ""
        asked = self.desk.store.cancel_asked(self.key)
        asked_words = ""
        if asked is not None:
            who = f" by {asked.requesting_ae}" if asked.requesting_ae else ""
            asked_words = f"{presenter.instant_words(asked.at, now, self.desk.zone)}{who}"
        self._rows.show_rows(
            (
                ("Work type", code_words(item.work_type)),
                ("Planned start", planned),
                ("Held by", "" if self._is_before_start else presenter.elsewhere_words(item)),
                ("Progress", progress_words(item.progress)),
                ("Asked already", asked_words),
                ("Also open for this patient", self.also_open()),
            )
        )
        self._show_sent()

    def _show_sent(self) -> None:
        what = (
            "Request Cancel: the server cancels it"
            if self._is_before_start
            else "Request Cancel: the holder is asked"
        )
        self._sent.show_messages((SentMessage("N-ACTION 2", what, self.form.sent_lines()),))

    def show_result(self, result: Result) -> bool:
        """0000 is no end: the request was taken, and what became of it stands in the state."""
        is_taken = result.kind is ResultKind.DONE and result.outcome.kind is Kind.SUCCESS
        stored = self._stored()
        is_canceled = stored is not None and stored.state is ProcedureStepState.CANCELED
        if not is_taken or is_canceled or result.notes:
            return super().show_result(result)
        self._is_sending = False
        self.workitem = stored or self.workitem
        level = NoticeLevel.GOOD if not self._is_before_start else NoticeLevel.WARNING
        self._end(presenter.outcome_sentence(result.outcome), self._watching(), level)
        return False

    def _watching(self) -> Sequence[str]:
        """Where the answer will be seen."""
        if self.desk.store.cancel_asked(self.key) is None:
            return ()
        return ("Its row says “cancel asked” until its state changes or its holder declines.",)
