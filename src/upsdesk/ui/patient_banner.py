"""The patient whose workitem is selected: four facts that are never cut, they wrap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLayoutItem,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from upsdesk.domain.plain import plain
from upsdesk.domain.workitem import PatientFacts
from upsdesk.ui import icons, masking, presenter, theme

_BREAK = "\u200b"
"""Zero width space: a line may break here."""


def in_line(banner: PatientBanner) -> None:
    """Put a banner in line with the words of a dialog, past its bar."""
    layout = banner.layout()
    if layout is not None:
        layout.setContentsMargins(theme.GRID.dialog_padding - 4, 11, theme.GRID.dialog_padding, 11)


class PatientBanner(QFrame):
    """Name, ID, birth date, sex and age, with notes below. `today` gives the day that the age counts to."""

    def __init__(self, parent: QWidget | None = None, *, today: Callable[[], date] = date.today) -> None:
        super().__init__(parent)
        self.setProperty("surface", "banner")
        self._today = today
        self._patient: PatientFacts | None = None
        self._name = _plain_label()
        self._told_facts = FlowLayout(spacing=18, least_spacing=8)
        self._look_alike = _Note()
        self._note = _Note()
        self._build()
        self.set_patient(None)

    def _build(self) -> None:
        facts = QWidget()
        facts.setLayout(self._told_facts)
        policy = facts.sizePolicy()
        policy.setHeightForWidth(True)
        policy.setVerticalPolicy(QSizePolicy.Policy.Minimum)
        facts.setSizePolicy(policy)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 11, 14, 11)
        column.setSpacing(5)
        column.addWidget(self._name)
        column.addWidget(facts)
        column.addWidget(self._look_alike)
        column.addWidget(self._note)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def set_patient(
        self,
        facts: PatientFacts | None,
        *,
        large: bool = False,
        note: str = "",
        level: str = "warning",
        issuer_shown: bool = False,
        look_alike: str = "",
    ) -> None:
        """Show a patient; None says that no workitem is selected. `level` is that of the note.

        `look_alike` says who can be taken for this patient.
        """
        self._patient = facts
        theme.set_property(self._name, "title", not large)
        theme.set_property(self._name, "hero", large)
        self._name.setText(_with_breaks(presenter.name_words(facts)) if facts else "No workitem selected")
        theme.set_property(self._name, "tone", "" if facts else "text_3")
        self._told_facts.clear()
        if facts is not None:
            for title, value, is_known in self._told(facts, issuer_shown):
                self._told_facts.addWidget(_fact(title, value, is_known))
        self._look_alike.say(look_alike, "warning", "users-round")
        self._note.say(note, level, "info" if level == "info" else "triangle-alert")
        self.setAccessibleName("Patient")
        told = (presenter.patient_sentence(facts), look_alike, note) if facts else ("No workitem selected",)
        self.setAccessibleDescription(". ".join(part for part in told if part))
        self.updateGeometry()

    def _told(self, facts: PatientFacts, issuer_shown: bool) -> list[tuple[str, str, bool]]:
        # What is hidden is known all the same.
        told = [
            ("ID", presenter.id_words(facts), bool(facts.patient_id)),
            ("Born", presenter.born_words(facts), facts.born is not None),
            ("Sex", presenter.sex_words(facts), bool(facts.sex)),
        ]
        age = presenter.age_words(facts, self._today())
        if age:
            told.append(("Age", age, True))
        if issuer_shown:
            told.append(
                ("ID issued by", plain(masking.facts(facts).issuer) or "not named", bool(facts.issuer))
            )
        return told

    @property
    def facts(self) -> PatientFacts | None:
        """Whom the banner shows."""
        return self._patient

    @property
    def name_text(self) -> str:
        return self._name.text().replace(_BREAK, "")

    @property
    def note_text(self) -> str:
        return self._note.text

    @property
    def look_alike_text(self) -> str:
        return self._look_alike.text


class _Note(QFrame):
    """A line with an icon under the facts; hidden while it is empty."""

    def __init__(self) -> None:
        super().__init__()
        self._icon = QLabel()
        self._icon.setFixedSize(14, 14)
        self._words = _plain_label()
        self._row = row = QHBoxLayout(self)
        row.setSpacing(8)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._words, 1)

    def say(self, text: str, level: str, icon: str) -> None:
        self.setVisible(bool(text))
        self._words.setText(text)
        if text:
            tone = level if level in ("warning", "error") else "text"
            theme.set_property(self, "level", level)
            # On the ground of the banner itself there is no edge to keep away from.
            side = 0 if tone == "text" else 8
            self._row.setContentsMargins(side, 5, side, 5)
            theme.set_property(self._words, "tone", tone)
            icons.set_icon(self._icon, icon, tone, 14)

    @property
    def text(self) -> str:
        return self._words.text()


def _plain_label() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    # A name in Arabic or Hebrew too begins where the eye looks for names: above the facts.
    label.setAlignment(
        Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter
    )
    return label


def _with_breaks(name: str) -> str:
    """A name in which very long words may break, or their end would be cut off."""
    words = (
        _BREAK.join(word[at : at + 12] for at in range(0, len(word), 12)) if len(word) > 18 else word
        for word in name.split(" ")
    )
    return " ".join(words)


def _fact(title: str, value: str, is_known: bool) -> QWidget:
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(1)
    caption = QLabel(title)
    caption.setProperty("caption", True)
    caption.setProperty("tone", "text_2")
    told = QLabel(_breakable(value))
    told.setTextFormat(Qt.TextFormat.PlainText)
    told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    told.setProperty("strong", is_known)
    told.setAccessibleName(f"{title}: {value}")
    if not is_known:
        told.setProperty("tone", "warning")
    column.addWidget(caption)
    column.addWidget(told)
    return box


def _breakable(value: str, limit: int = 22) -> str:
    """A value wider than the narrowest banner, on several lines."""
    return "\n".join(value[at : at + limit] for at in range(0, len(value), limit)) or value


class FlowLayout(QLayout):
    """Widgets side by side, on the next line when the width is used up.

    They move together, down to `least_spacing`, when that keeps all of them on one line.
    """

    def __init__(self, *, spacing: int = 8, line_spacing: int = 6, least_spacing: int | None = None) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._spacing = spacing
        self._least_spacing = spacing if least_spacing is None else least_spacing
        self._line_spacing = line_spacing
        self.setContentsMargins(0, 0, 0, 0)

    def clear(self) -> None:
        """Remove and delete all widgets."""
        while self._items:
            widget = self._items.pop().widget()
            if widget is not None:
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()
        self.invalidate()

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), apply=False)

    def sizeHint(self) -> QSize:
        hints = [item.sizeHint() for item in self._items]
        width = sum(hint.width() for hint in hints) + self._spacing * max(0, len(hints) - 1)
        return QSize(width, max((hint.height() for hint in hints), default=0))

    def minimumSize(self) -> QSize:
        hints = [item.sizeHint() for item in self._items]
        return QSize(
            max((hint.width() for hint in hints), default=0),
            max((hint.height() for hint in hints), default=0),
        )

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, apply=True)

    def _spacing_within(self, width: int) -> int:
        widths = [item.sizeHint().width() for item in self._items if not item.isEmpty()]
        gaps = len(widths) - 1
        if gaps < 1:
            return self._spacing
        fits = (width - sum(widths)) // gaps
        return min(fits, self._spacing) if fits >= self._least_spacing else self._spacing

    def _place(self, rect: QRect, *, apply: bool) -> int:
        x, y, line_height = rect.x(), rect.y(), 0
        spacing = self._spacing_within(rect.width())
        for item in self._items:
            if item.isEmpty():  # hidden: it takes no line either
                continue
            hint = item.sizeHint()
            if x > rect.x() and x + hint.width() > rect.right() + 1:
                x, y, line_height = rect.x(), y + line_height + self._line_spacing, 0
            if apply:
                item.setGeometry(QRect(QPoint(x, y), hint))
            x += hint.width() + spacing
            line_height = max(line_height, hint.height())
        return y + line_height - rect.y()
