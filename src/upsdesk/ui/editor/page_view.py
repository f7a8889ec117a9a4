"""What the editor page is made of: head, groups at the left, sections, what will be sent, foot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from upsdesk.domain.codes import Code
from upsdesk.ui import icons, theme
from upsdesk.ui.dialogs import FootLine, Tone
from upsdesk.ui.editor.form import Form, Mode, Problem
from upsdesk.ui.editor.inputs import make_input
from upsdesk.ui.editor.rows import FieldRow, ProblemPill, Section
from upsdesk.ui.editor.sent_panel import SentPanel
from upsdesk.ui.editor.specs import BY_ID, SPECS, Group
from upsdesk.ui.editor.tree_pane import TreePane
from upsdesk.ui.fields import icon_label, label

_GROUPS_WIDTH = 220
_SENT_WIDTH, _SENT_WIDTH_NARROW = 316, 240
_WITHOUT_GROUPS = 1000
_NARROW_MIDDLE = 660
_NARROW_PAGE = 800
"""Less than this is left beside the details on a screen at 200 %."""


class FormView(QWidget):
    """Groups, sections and the panel of what will be sent, for one form."""

    edited = Signal(str, object)
    """The id of a field and its value."""
    tree_edited = Signal(str, object)
    """What was done where all attributes are listed, in words, and the new Elements."""

    def __init__(
        self, form: Form, known: Mapping[str, Sequence[Code]], parent: QWidget | None = None
    ) -> None:
        # Everything is put into its place before it is filled: a widget that gets another parent is styled
        # anew with all that is in it, level by level.
        super().__init__(parent)
        self.rows: dict[str, FieldRow] = {}
        self.sections: dict[Group, Section] = {}
        self._nav: dict[Group, GroupButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._form = form
        self._groups = QFrame(self)
        row.addWidget(self._groups)
        self._fill_groups(self._groups, form)
        self.pages = QStackedWidget(self)
        row.addWidget(self.pages, 1)
        self.area = QScrollArea()
        self.pages.addWidget(self.area)
        self._fill_sections(self.area, form, known)
        self._tree: TreePane | None = None
        self.names_and_tags.toggled.connect(self._show_tags)
        self.seek_field.textChanged.connect(self._seek)
        self.sent = SentPanel(self, "N-CREATE" if form.mode is Mode.CREATE else "N-SET")
        self.sent.setFixedWidth(_SENT_WIDTH)
        self.sent.setProperty("edge", "left")
        row.addWidget(self.sent)

    @property
    def tree(self) -> TreePane:
        """The list of all attributes, made when it is first asked for."""
        if self._tree is None:
            self._tree = TreePane()
            self.pages.addWidget(self._tree)
            self._tree.edited.connect(self.tree_edited)
            self._tree.show_tags(self.names_and_tags.isChecked())
            self._tree.show_form(self._form)
        return self._tree

    def _fill_groups(self, side: QFrame, form: Form) -> None:
        side.setProperty("surface", "panel")
        side.setProperty("edge", "right")
        side.setFixedWidth(_GROUPS_WIDTH)
        column = QVBoxLayout(side)
        column.setContentsMargins(8, 14, 8, 14)
        column.setSpacing(2)
        self.seek_field = QLineEdit()
        self.seek_field.setPlaceholderText("Find attribute")
        self.seek_field.setAccessibleName("Find attribute")
        self.seek_field.setToolTip("Name, tag or value of any attribute (Ctrl+F)")
        self.seek_field.setClearButtonEnabled(True)
        column.addWidget(self.seek_field)
        column.addSpacing(10)
        heading = label("Groups", "caption", "strong")
        heading.setContentsMargins(8, 0, 0, 4)
        column.addWidget(heading)
        for group in Group:
            specs = [spec for spec in SPECS if spec.group is group]
            is_locked = all(form.is_locked(spec) for spec in specs)
            button = GroupButton(group.value, len(specs), is_locked=is_locked)
            button.clicked.connect(lambda _=False, group=group: self.go_to_group(group))
            self._nav[group] = button
            column.addWidget(button)
        self.all_button = GroupButton("All attributes", 0, is_locked=False)
        self.all_button.clicked.connect(self.show_all)
        column.addWidget(self.all_button)
        column.addSpacing(12)
        self.names_and_tags = QCheckBox("Names and tags")
        self.names_and_tags.setToolTip("Tag, VR and type of each attribute (PS3.4 Table CC.2.5-3)")
        column.addWidget(self.names_and_tags)
        column.addStretch(1)

    def show_all(self) -> None:
        """The list of all attributes instead of the fields."""
        self.pages.setCurrentWidget(self.tree)
        self._check(None)

    def turn_over(self) -> None:
        """From the fields to the list of all attributes, or back."""
        if self.pages.currentWidget() is self.area:
            self.show_all()
        else:
            self.go_to_group(Group.SCHEDULED)

    def _show_tags(self, shown: bool) -> None:
        if self._tree is not None:
            self._tree.show_tags(shown)
        for field_row in self.rows.values():
            field_row.show_tag(shown)

    def _seek(self, text: str) -> None:
        if text.strip():
            self.show_all()
        if self._tree is not None:
            self._tree.seek(text)

    def _fill_sections(self, area: QScrollArea, form: Form, known: Mapping[str, Sequence[Code]]) -> None:
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        content = QWidget()
        content.setProperty("surface", "surface")
        content.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        area.setWidget(content)
        column = QVBoxLayout(content)
        column.setContentsMargins(9, 12, 24, 24)
        column.setSpacing(16)
        for group in Group:
            specs = [spec for spec in SPECS if spec.group is group]
            locked = [spec for spec in specs if form.is_locked(spec)]
            remark = f"{len(specs)} attributes" if len(specs) > 1 else "1 attribute"
            if len(locked) == len(specs):
                remark += ", cannot be changed by N-SET. To correct it: cancel and create again."
            section = Section(group, remark, is_locked=len(locked) == len(specs))
            self.sections[group] = section
            column.addWidget(section)
            for spec in specs:
                field = make_input(spec, is_locked=form.is_locked(spec), known=known.get(spec.id, ()))
                field_row = FieldRow(spec, field)
                field_row.edited.connect(self.edited)
                self.rows[spec.id] = field_row
                section.add(field_row)
        column.addStretch(1)
        area.verticalScrollBar().valueChanged.connect(self._mark_group)
        self._nav[Group.SCHEDULED].setChecked(True)

    def show_form(self, form: Form, found: Sequence[Problem]) -> None:
        """Bring every field, mark and message up to date; `found` are the problems to show."""
        problems = {problem.field_id: problem.text for problem in found if problem.field_id}
        for field_id, field_row in self.rows.items():
            field_row.show_form(form, problems.get(field_id, ""))
        for group, section in self.sections.items():
            count = sum(1 for field_id in problems if BY_ID[field_id].group is group)
            section.pill.show_count(count)
            self._nav[group].pill.show_count(count)
            self._nav[group].count.setVisible(not count)
        self._form = form
        if self._tree is not None:
            self._tree.show_form(form)
        others = sum(1 for problem in found if not problem.field_id)
        self.all_button.pill.show_count(others)
        self.all_button.show_fields(len(form.written()), is_hidden=bool(others))
        self.sent.show_changes(form.changes(), is_new=form.mode is Mode.CREATE)

    def go_to(self, problem: Problem) -> None:
        """Scroll to a wrong field or attribute and put the focus into it."""
        if not problem.field_id:
            self.show_all()
            self.tree.go_to(problem.spot)
            return
        self.pages.setCurrentWidget(self.area)
        field_row = self.rows[problem.field_id]
        self.area.ensureWidgetVisible(field_row, 0, 40)
        field_row.input.parts()[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def go_to_group(self, group: Group) -> None:
        self.pages.setCurrentWidget(self.area)
        section = self.sections[group]
        bar = self.area.verticalScrollBar()
        bar.setValue(min(section.y() - 8, bar.maximum()))
        self._check(group)

    def _mark_group(self, value: int) -> None:
        passed = [group for group, section in self.sections.items() if section.y() <= value + 60]
        self._check(passed[-1] if passed else Group.SCHEDULED)

    def _check(self, group: Group | None) -> None:
        """None: the list of all attributes."""
        for one, button in self._nav.items():
            button.setChecked(one is group)
        self.all_button.setChecked(group is None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._groups.setVisible(self.width() >= _WITHOUT_GROUPS)
        sent = _SENT_WIDTH if self.width() >= _NARROW_PAGE else _SENT_WIDTH_NARROW
        self.sent.setFixedWidth(sent)
        middle = self.width() - sent - (_GROUPS_WIDTH if self._groups.isVisibleTo(self) else 0)
        for field_row in self.rows.values():
            field_row.set_narrow(middle < _NARROW_MIDDLE)


class GroupButton(QPushButton):
    """A group at the left: its words, how many fields, the padlock, or how many problems."""

    def __init__(self, words: str, fields: int, *, is_locked: bool) -> None:
        super().__init__(words)
        self.setProperty("role", "nav")
        self.setCheckable(True)
        self.setAccessibleName(f"{words}, {'cannot be changed' if is_locked else f'{fields} fields'}")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 0)
        row.addStretch(1)
        self.count: QLabel = (
            icon_label("lock", "text_3", 14)
            if is_locked
            else label(str(fields), "caption", tone="text_3", wrap=False)
        )
        self.count.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.pill = ProblemPill(words=False)
        self.pill.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        row.addWidget(self.count)
        row.addWidget(self.pill)

    def show_fields(self, count: int, *, is_hidden: bool) -> None:
        """How many there are now."""
        self.count.setText(str(count))
        self.count.setVisible(not is_hidden)
        self.setAccessibleName(f"{self.text()}, {count} fields")


class PageHead(QFrame):
    """Back, what the page is for, the state and the UID."""

    back = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "chrome")
        self.setProperty("edge", "bottom")
        self.setFixedHeight(theme.GRID.top_bar)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(12, 0, 16, 0)
        self.row.setSpacing(12)
        self.back_button = QToolButton()
        self.back_button.setText(" Back to worklist")
        self.back_button.setAccessibleName("Back to worklist")
        self.back_button.setToolTip("Back to worklist (Esc)")
        self.back_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.back_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        icons.set_icon(self.back_button, "arrow-left")
        self.back_button.clicked.connect(self.back)
        self.row.addWidget(self.back_button)
        line = QFrame()
        line.setProperty("vrule", True)
        line.setFixedHeight(24)
        self.row.addWidget(line)
        self.title = label("", "heading", wrap=False)
        self.row.addWidget(self.title)
        self._yielding: list[QWidget] = []

    def add(self, widget: QWidget, *, yields: bool = False) -> None:
        """`yields`: it is not shown where the page is narrow."""
        self.row.addWidget(widget)
        if yields:
            self._yielding.append(widget)

    def add_button(self, words: str, icon: str, act: Callable[[], None]) -> QToolButton:
        """A button that is an icon; its words are told."""
        button = QToolButton()
        button.setAccessibleName(words)
        button.setToolTip(words)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        icons.set_icon(button, icon)
        button.clicked.connect(act)
        self.row.addWidget(button)
        return button

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for widget in self._yielding:
            widget.setVisible(self.width() >= _NARROW_PAGE)


class PageFoot(QFrame):
    """What is wrong or under way, the way to it, and the two buttons."""

    go_to = Signal()
    discard = Signal()
    send = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "chrome")
        self.setProperty("edge", "top")
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 11, 20, 11)
        row.setSpacing(10)
        self.line = FootLine()
        self.go_button = QPushButton("Go to it")
        self.go_button.setProperty("role", "link")
        self.go_button.clicked.connect(self.go_to)
        row.addWidget(self.line, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.go_button)
        row.addStretch(1)
        self.discard_button = QPushButton("Discard changes")
        self.discard_button.clicked.connect(self.discard)
        self.send_button = QPushButton("Send")
        self.send_button.setProperty("role", "primary")
        icons.set_icon(self.send_button, "send")
        self.send_button.clicked.connect(self.send)
        row.addWidget(self.discard_button)
        row.addWidget(self.send_button)
        self.go_button.hide()

    def say(self, text: str, tone: Tone, *, go: bool = False) -> None:
        """One sentence; `go` offers the way to what it names."""
        self.line.say(text, tone)
        self.go_button.setVisible(go)
        self._give_room()

    def _give_room(self) -> None:
        # A label that wraps asks for little; the sentence gets one line where there is room for it.
        words = self.line.label.fontMetrics().horizontalAdvance(self.line.text) + 4
        buttons = sum(
            button.sizeHint().width() for button in (self.discard_button, self.send_button, self.go_button)
        )
        self.line.label.setMinimumWidth(max(0, min(words, self.width() - buttons - 130)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._give_room()

    def set_send(self, text: str, reason: str) -> None:
        """The words of the button, and why it waits (empty: it does not)."""
        self.send_button.setText(text)
        self.send_button.setAccessibleName(text)
        self.send_button.setAccessibleDescription(reason)
        self.send_button.setToolTip(reason)
        icons.set_forbidden(self.send_button, bool(reason))
