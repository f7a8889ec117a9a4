"""The details of the selected workitem: patient, reason of a refusal, what is known, and what happened."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.workitem import Workitem
from upsdesk.services.activity import ActivityEntry
from upsdesk.services.changes import ChangeSet
from upsdesk.services.desk import Desk
from upsdesk.services.desk_file import JournalEntry
from upsdesk.services.flags import Mark
from upsdesk.services.threads import in_thread
from upsdesk.ui import icons, masking, presenter, theme, timers
from upsdesk.ui.details.content import Section, Situation, sections, silent_message
from upsdesk.ui.details.lines import SectionWidget, Timeline, plain
from upsdesk.ui.patient_banner import PatientBanner
from upsdesk.ui.tasks import spawn
from upsdesk.ui.worklist import tips

Start = Callable[[Coroutine[Any, Any, Any], str], object]
_READ_AFTER_MS = 300
"""Arrow keys run over rows: only one that is looked at is read from the server."""
_TICK_MS = 1_000
_A_MOMENT = 0.004
_TIMELINE_LENGTH = 40


class DetailsPanel(QFrame):
    """Shows one workitem; also one that the filter hides, and one that has gone."""

    edit_requested = Signal(object)
    copied = Signal(str)

    def __init__(self, desk: Desk, parent: QWidget | None = None, *, start: Start = spawn) -> None:
        super().__init__(parent)
        self.setProperty("surface", "surface")
        self.setProperty("edge", "left")
        self.setMinimumWidth(240)
        self._desk = desk
        self._start = start
        self._key: WorkitemKey | None = None
        self._item: Workitem | None = None
        self._note = ""
        self._shown: tuple[Section, ...] = ()
        self._timeline: tuple[JournalEntry, ...] = ()
        self._is_reload_due = False
        self._minute = -1
        self.banner = PatientBanner(today=lambda: desk.clock().astimezone(desk.zone).date())
        self.reason = _MessageLine("warning", "info")
        self.mark = _MarkLine()
        self._build()
        self.mark.acknowledged.connect(self._acknowledge)
        self._read_timer = timers.single(self, _READ_AFTER_MS, self._read)
        self._clock_timer = timers.repeating(self, _TICK_MS, self._tick)
        self._clock_timer.start()
        self._forget = (desk.store.subscribe(self._store_changed), desk.activity.subscribe(self._activity))
        self.destroyed.connect(_all(self._forget))
        self.set_key(None)

    def _build(self) -> None:
        self._body = QWidget()
        self._column = QVBoxLayout(self._body)
        self._column.setContentsMargins(16, 14, 16, 16)
        self._column.setSpacing(16)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidget(self._body)
        self._area.setAccessibleName("Details of the workitem")
        self._body.setAutoFillBackground(False)
        self.edit = QPushButton("Edit")
        icons.set_icon(self.edit, "square-pen")
        self.edit.setToolTip("Change this workitem (Ctrl+E)")
        self.edit.clicked.connect(self._edit)
        self._copy = QToolButton()
        self._copy.setText(" Copy UID")
        self._copy.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._copy.setAccessibleName("Copy the SOP Instance UID")
        icons.set_icon(self._copy, "copy")
        self._copy.clicked.connect(self._copy_uid)
        self.copy_message = QToolButton()
        self.copy_message.setText(" Copy message")
        self.copy_message.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.copy_message.setToolTip("Copy a message for the server's administrator, without the patient")
        self.copy_message.setAccessibleName("Copy a message for the server's administrator")
        icons.set_icon(self.copy_message, "send")
        self.copy_message.clicked.connect(self._copy_silent)
        self._foot = QFrame()
        self._foot.setProperty("surface", "surface")
        self._foot.setProperty("edge", "top")
        rows = QVBoxLayout(self._foot)
        rows.setContentsMargins(12, 6, 12, 6)
        rows.addWidget(self.copy_message, 0, Qt.AlignmentFlag.AlignRight)
        row = QHBoxLayout()
        row.addWidget(self.edit)
        row.addStretch(1)
        row.addWidget(self._copy)
        rows.addLayout(row)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.banner, self.reason, self.mark):
            column.addWidget(part)
        column.addWidget(self._area, 1)
        column.addWidget(self._foot)

    # What the window tells

    @property
    def key(self) -> WorkitemKey | None:
        return self._key

    def set_key(self, key: WorkitemKey | None) -> None:
        """Show this workitem, or that none is selected."""
        if key != self._key:
            self.set_reason("")
            self._timeline = ()
            self._area.verticalScrollBar().setValue(0)
        self._key = key
        self._item = None
        self._shown = ()
        self._show_all()
        self._read_timer.stop()
        if key is not None:
            self._read_timer.start()
            self._load_timeline()

    def set_reason(self, text: str) -> None:
        """Why an act is not possible and what can be done instead; empty takes the line away."""
        self.reason.say(text)

    def set_note(self, text: str) -> None:
        """Why the selected workitem is no row of the table any more."""
        self._note = text
        self.show_banner()

    def tell_names(self) -> None:
        """Names are hidden or shown from now on."""
        self.set_reason("")
        self._shown = ()
        self._show_all()

    # What changes

    def _tick(self) -> None:
        """With each minute, as the rows do: what is due is never told in two ways."""
        minute = self._desk.clock().minute
        if minute != self._minute:
            self._minute = minute
            self._show_content()

    def _store_changed(self, changes: ChangeSet) -> None:
        key = self._key
        if key is None:
            return
        touched = (changes.updated, changes.inserted, changes.removed, changes.elsewhere)
        if any(key in keys for keys in touched):
            self._show_all()

    def _activity(self, entries: Sequence[ActivityEntry]) -> None:
        if self._key is not None and any(entry.key == self._key for entry in entries):
            self._load_timeline()

    def _show_all(self) -> None:
        if self._key is not None:
            self._item = self._desk.store.get(self._key) or self._item or self._held_item(self._key)
        self.show_banner()
        self._show_content()

    def _held_item(self, key: WorkitemKey) -> Workitem | None:
        """What the vault knows of a held workitem that the server has not told about."""
        entry = self._desk.vault_entry(key)
        return Workitem(key, label=entry.label, patient=entry.patient) if entry is not None else None

    def show_banner(self) -> None:
        """Who the patient is, and who can be taken for this patient."""
        self._desk.look_alikes.catch_up(_A_MOMENT)
        facts = self._item.patient if self._item is not None else None
        level = "info" if self._item is not None and self._is_listed() else "warning"
        self.banner.set_patient(
            facts,
            note=self._note if facts else "",
            level=level,
            issuer_shown=self._desk.look_alikes.has_several_issuers,
            look_alike=self._look_alike_words(),
        )

    def _look_alike_words(self) -> str:
        if self._key is None or self._item is None:
            return ""
        return presenter.look_alike_words(self._item.patient, self._desk.look_alikes.of(self._key))

    def _is_listed(self) -> bool:
        return self._key is not None and self._desk.store.get(self._key) is not None

    def _situation(self) -> Situation:
        desk, key = self._desk, self._key
        entry = desk.vault_entry(key) if key is not None else None
        return Situation(
            now=desk.clock(),
            zone=desk.zone,
            is_held=key is not None and desk.store.is_held(key),
            held_since=entry.claimed_at if entry is not None else None,
            holder=f"by {entry.operator}" if entry is not None and entry.operator else "",
            is_handed_over=key is not None and desk.is_handed_over(key),
            cancel_asked=desk.store.cancel_asked(key) if key is not None else None,
        )

    def _show_content(self) -> None:
        item, key = self._item, self._key
        self._foot.setVisible(item is not None)
        is_silent = item is not None and bool(presenter.silence_words(item, self._desk.clock()))
        self.copy_message.setVisible(is_silent and key is not None and not self._desk.store.is_held(key))
        self._show_mark(self._desk.store.mark(key) if key is not None else None)
        found: tuple[Section, ...] = ()
        if item is not None and key is not None:
            found = sections(item, self._desk.store.elements(key), self._situation())
        if found != self._shown or item is None:
            self._shown = found
            self._rebuild()

    def _show_mark(self, mark: Mark | None) -> None:
        self.mark.say(masking.words(tips.mark_sentence(mark), self._item) if mark is not None else "")

    def _rebuild(self) -> None:
        bar = self._area.verticalScrollBar()
        at = bar.value()
        while (taken := self._column.takeAt(0)) is not None:
            widget = taken.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if self._item is None:
            self._column.addWidget(plain("Select a workitem to see what is known about it.", "small"))
        else:
            for section in self._shown:
                self._column.addWidget(SectionWidget(section, self._item))
            if self._timeline:
                told = tuple(
                    replace(one, words=masking.words(one.words, self._item)) for one in self._timeline
                )
                self._column.addWidget(Timeline(told, self._situation()))
        self._column.addStretch(1)
        self._column.activate()
        bar.setValue(at)

    # Reading

    def _read(self) -> None:
        if self._key is not None:
            self._start(self._desk.worklist.read([self._key]), "read details")

    def _load_timeline(self) -> None:
        if not self._is_reload_due and self._key is not None:
            self._is_reload_due = True
            self._start(self._fetch_timeline(), "timeline")

    async def _fetch_timeline(self) -> None:
        self._is_reload_due = False
        key = self._key
        if key is None:
            return
        desk_file = self._desk.desk_file
        entries = await in_thread(lambda: desk_file.journal(key, _TIMELINE_LENGTH), "timeline")
        if key == self._key and entries != self._timeline:
            self._timeline = entries
            self._rebuild()

    def _acknowledge(self) -> None:
        if self._key is not None:
            self._start(self._desk.acknowledge(self._key), "acknowledge")

    def _edit(self) -> None:
        if self._key is not None:
            self.edit_requested.emit(self._key)

    def _copy_silent(self) -> None:
        item, key = self._item, self._key
        if item is not None and key is not None:
            server = self._desk.server_words(key)
            QGuiApplication.clipboard().setText(silent_message(item, server, self._desk.zone))
            self.copied.emit(key.uid)

    def _copy_uid(self) -> None:
        if self._key is not None:
            QGuiApplication.clipboard().setText(self._key.uid)
            self.copied.emit(self._key.uid)


class _MessageLine(QFrame):
    """One sentence under the banner."""

    def __init__(self, level: str, icon: str) -> None:
        super().__init__()
        self.setProperty("level", level)
        self._icon = QLabel()
        self._icon.setFixedSize(16, 16)
        icons.set_icon(self._icon, icon, level)
        self.label = plain("")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(8)
        row.addWidget(self._icon)
        row.addWidget(self.label, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.hide()

    def say(self, text: str) -> None:
        self.label.setText(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))

    @property
    def text(self) -> str:
        return self.label.text()


class _MarkLine(QFrame):
    """What became of the last act, until somebody has seen it."""

    acknowledged = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._icon = QLabel()
        self._icon.setFixedSize(16, 16)
        self.label = plain("")
        seen = QPushButton("Seen")
        seen.setToolTip("Take this mark away")
        seen.clicked.connect(self.acknowledged)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._icon)
        row.addWidget(self.label, 1)
        column.addLayout(row)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(seen)
        column.addLayout(foot)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.hide()

    def say(self, text: str) -> None:
        """Empty takes the line away."""
        self.setVisible(bool(text))
        if not text:
            return
        theme.set_property(self, "level", "error")
        icons.set_icon(self._icon, "triangle-alert", "error")
        self.label.setText(text)
        self.setAccessibleName(text)


def _all(calls: Sequence[Callable[[], None]]) -> Callable[[], None]:
    def run() -> None:
        for call in calls:
            call()

    return run
