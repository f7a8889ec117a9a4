"""The dialog that chooses what a server is asked for, and shows the same search as a command line."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QIntValidator
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)

from upsdesk.domain.peer import Peer, PeerUse, UpsClass
from upsdesk.domain.query import SearchPlan
from upsdesk.domain.state import ProcedureStepState
from upsdesk.services.command_line import find_lines
from upsdesk.services.desk import Desk
from upsdesk.services.files import platform_folder
from upsdesk.services.settings import MOST_ROWS
from upsdesk.ui import icons, presenter, theme
from upsdesk.ui.dialogs import ConfirmDialog, Tone
from upsdesk.ui.fields import CalmBox, label
from upsdesk.ui.query import words
from upsdesk.ui.query.key_rows import KeyRows
from upsdesk.ui.worklist.looks import STATE_LOOKS

_CLASSES = {
    UpsClass.PULL: "Pull, else what the server has",
    UpsClass.WATCH: "Watch",
    UpsClass.QUERY: "Query",
}


class QueryDialog(ConfirmDialog):
    """After `accept`, `plan()` is what the server shall be asked for."""

    def __init__(self, parent: QWidget | None, desk: Desk, peer: Peer, plan: SearchPlan) -> None:
        super().__init__(
            parent,
            "Search for",
            f"{peer.title} is asked for this. The filters beside the list narrow what has come.",
            yes="Search",
            no="Discard",
            icon="send",
            enter_confirms=True,
            demo=peer.use is PeerUse.DEMO,
            width=760,
        )
        self._desk = desk
        self._peer = peer
        self.states = {state: QCheckBox(state.words) for state in ProcedureStepState}
        self.keys = KeyRows()
        self.via = CalmBox()
        self.limit = QLineEdit()
        self.command = QPlainTextEdit()
        self._build()
        self._fill(plan)
        self._connect()
        self._changed()
        self.guard.watch(self)

    def _build(self) -> None:
        self.middle.addWidget(label("State", "strong"))
        row = QHBoxLayout()
        row.setSpacing(16)
        for state, box in self.states.items():
            icons.set_icon(box, *STATE_LOOKS[state])
            row.addWidget(box)
        row.addStretch(1)
        self.middle.addLayout(row)
        self._about = label("", "small", tone="text_3")
        self.middle.addWidget(self._about)
        self.middle.addSpacing(6)
        self.middle.addWidget(label("Attributes", "strong"))
        self.middle.addWidget(self.keys)
        self.middle.addLayout(self._make_how())
        self.middle.addSpacing(6)
        self._make_command()
        self.middle.addStretch(1)
        self.day_button = QPushButton("The day's list")
        self.day_button.setToolTip(words.DAY_WORDS)
        self.day_button.setAutoDefault(False)
        icons.set_icon(self.day_button, "calendar-days", "accent")
        self.buttons.insertWidget(0, self.day_button)

    def _make_how(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(3)
        for ups_class, said in _CLASSES.items():
            self.via.addItem(said, ups_class)
        self.via.setAccessibleName("SOP Class of the search")
        usual = self._desk.settings.desk.search_limit
        self.limit.setPlaceholderText(f"{presenter.number_words(usual)}, as usual" if usual else "No limit")
        self.limit.setAccessibleName("At most so many rows")
        self.limit.setValidator(QIntValidator(1, MOST_ROWS, self.limit))
        for column, (said, field) in enumerate(
            (("At most so many rows", self.limit), ("Asked as UPS", self.via))
        ):
            caption = label(said, "small", wrap=False)
            caption.setBuddy(field)
            grid.addWidget(caption, 0, column)
            grid.addWidget(field, 1, column)
        grid.setColumnStretch(0, 5)
        grid.setColumnStretch(1, 4)
        return grid

    def _make_command(self) -> None:
        head = QHBoxLayout()
        head.addWidget(label("The same search as a command line", "small"), 1)
        self.copy_button = QPushButton("Copy")
        self.copy_button.setProperty("role", "quiet")
        self.copy_button.setAutoDefault(False)
        self.copy_button.setAccessibleName("Copy the command line")
        icons.set_icon(self.copy_button, "copy")
        head.addWidget(self.copy_button)
        self.middle.addLayout(head)
        self.command.setReadOnly(True)
        self.command.setTabChangesFocus(True)
        self.command.setAccessibleName("Command line")
        self.command.setFont(theme.font(theme.TYPE.table, mono=True))
        self.command.setFixedHeight(64)
        self.command.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.middle.addWidget(self.command)

    def _fill(self, plan: SearchPlan) -> None:
        for state, box in self.states.items():
            box.setChecked(state in plan.states)
        self.keys.show_keys(plan.keys)
        self.via.setCurrentIndex(max(0, self.via.findData(plan.via)))
        self.limit.setText(str(plan.limit) if plan.limit is not None else "")

    def _connect(self) -> None:
        for box in self.states.values():
            box.toggled.connect(self._changed)
        self.keys.changed.connect(self._changed)
        self.via.currentIndexChanged.connect(self._changed)
        self.limit.textChanged.connect(self._changed)
        self.copy_button.clicked.connect(self._copy)
        self.day_button.clicked.connect(lambda: self._fill(SearchPlan()))
        self.day_button.clicked.connect(self._changed)
        self.confirmed.connect(self.accept)
        self.waited.connect(self._show_problem)

    def first_focus(self) -> QWidget:
        return self.keys.rows[0].attribute

    def plan(self) -> SearchPlan:
        """What is chosen."""
        via = self.via.currentData()
        limit = self.limit.text().strip()
        return SearchPlan(
            states=frozenset(state for state, box in self.states.items() if box.isChecked()),
            keys=self.keys.keys(),
            via=via if isinstance(via, UpsClass) else UpsClass.PULL,
            limit=int(limit) if limit.isdigit() and int(limit) > 0 else None,
        )

    def lines(self) -> tuple[str, ...]:
        """The command lines that find the same."""
        folder = self._desk.folder
        today = self._desk.clock().astimezone(self._desk.zone).date()
        other = folder if folder != platform_folder() else None
        plan = self.plan()
        plan = replace(plan, limit=self._desk.worklist.limit_of(plan))
        return find_lines(plan, self._peer, other, today, self._desk.zone)

    def _changed(self) -> None:
        plan = self.plan()
        self._about.setText(_about(plan))
        self.command.setPlainText("\n".join(self.lines()))
        self.line.say("")
        self.set_waiting("Search waits for a key that is not right yet." if self.keys.problem() else "")

    def _show_problem(self) -> None:
        self.keys.insist()
        row = self.keys.problem()
        if row is not None:
            row.value.setFocus()
            self.show_in_middle(row)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(self.lines()))
        self.line.say("Copied.", Tone.GOOD)


def _about(plan: SearchPlan) -> str:
    """What the states and keys amount to."""
    if plan.is_day:
        return f"Nothing chosen: the day's list. {words.DAY_WORDS}."
    if not plan.states:
        if any(key.is_valued for key in plan.keys):
            return "Of any state, in one query."
        return "No attribute has a value: each state is asked for by a query of its own."
    count = len(plan.states)
    return "One query." if count == 1 else f"{count} queries, one for each state; a workitem is listed once."
