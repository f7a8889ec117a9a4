"""The dialogs of templates: choose one to begin with, and keep the work of a workitem as one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QLineEdit, QListWidget, QListWidgetItem, QPushButton, QWidget
from shiboken6 import isValid

from upsdesk.domain import tags
from upsdesk.domain.cloning import TEMPLATE_TAGS, for_template, has_values
from upsdesk.domain.codes import codes_in
from upsdesk.domain.elements import Elements
from upsdesk.domain.folding import folded
from upsdesk.domain.peer import Peer, PeerUse
from upsdesk.domain.plain import plain
from upsdesk.services.readback import attribute_name
from upsdesk.services.templates import LONGEST_NAME, Shelf, Template
from upsdesk.ui import icons
from upsdesk.ui.dialogs import ConfirmDialog, Tone
from upsdesk.ui.editor.field_values import element_lines
from upsdesk.ui.fields import FieldMessage, add_captioned, label, make_clearable
from upsdesk.ui.tasks import spawn
from upsdesk.ui.transitions.parts import Rows

Delete = Callable[[QWidget, Template], Awaitable[str]]
"""Asks over a dialog and deletes; gives what is to be told, empty when it was not confirmed."""
_ROLE = Qt.ItemDataRole.UserRole
_ROWS_IN_VIEW = 7
_ROW = 30
_MOST_LINES = 6


class _Search(QLineEdit):
    """Up and down move in the list below while a word is typed."""

    def __init__(self, chosen: QListWidget) -> None:
        super().__init__()
        self._chosen = chosen

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._move(-1 if event.key() == Qt.Key.Key_Up else 1)
        else:
            super().keyPressEvent(event)

    def _move(self, step: int) -> None:
        shown = [at for at in range(self._chosen.count()) if not self._chosen.item(at).isHidden()]
        current = self._chosen.currentRow()
        at = shown.index(current) + step if current in shown else 0
        if 0 <= at < len(shown):
            self._chosen.setCurrentRow(shown[at])


class TemplateDialog(ConfirmDialog):
    """After `accept`, `template()` is the chosen one. `delete` removes one of the desk's own."""

    def __init__(self, parent: QWidget | None, peer: Peer, shelf: Shelf, delete: Delete) -> None:
        super().__init__(
            parent,
            "New from template",
            f"The form opens with what the template says. {peer.title}, {peer.use.words}.",
            yes="Open the form",
            no="Discard",
            icon="list-checks",
            enter_confirms=True,
            demo=peer.use is PeerUse.DEMO,
            width=640,
        )
        self._delete = delete
        self.list = QListWidget()
        self.list.setAccessibleName("Templates")
        self.list.setMinimumHeight(_ROWS_IN_VIEW * _ROW)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.search = _Search(self.list)
        self.search.setPlaceholderText("Search: name, work type, worklist")
        self.search.setAccessibleName("Search templates")
        make_clearable(self.search, "Clear the search")
        self._description = label("")
        self._facts = Rows()
        self.delete_button = QPushButton("Delete template")
        self.delete_button.setProperty("role", "quiet")
        self.delete_button.setAutoDefault(False)
        icons.set_icon(self.delete_button, "trash-2", "error")
        self.buttons.insertWidget(0, self.delete_button)
        for part in (self.search, self.list, self._description, self._facts):
            self.middle.addWidget(part)
        for problem in shelf.problems:
            self.middle.addWidget(label(problem, "small", tone="warning"))
        for template in shelf.templates:
            self._add(template)
        self.search.textChanged.connect(self._filter)
        self.list.currentItemChanged.connect(lambda _now, _before: self._show())
        self.list.itemDoubleClicked.connect(lambda _item: self.yes_button.click())
        self.delete_button.clicked.connect(lambda: spawn(self._delete_chosen(), "delete a template"))
        self.confirmed.connect(self.accept)
        self._filter("")
        self.guard.watch(self)

    def _add(self, template: Template) -> None:
        name = plain(template.name)
        item = QListWidgetItem(f"{name}   ·   this desk" if template.is_own else name)
        item.setData(_ROLE, template)
        self.list.addItem(item)

    def template(self) -> Template | None:
        """The chosen one."""
        item = self.list.currentItem()
        found = item.data(_ROLE) if item is not None and not item.isHidden() else None
        return found if isinstance(found, Template) else None

    def first_focus(self) -> QWidget:
        return self.search

    def _filter(self, text: str) -> None:
        words = folded(text).split()
        by_name: list[int] = []
        by_anything: list[int] = []
        for at in range(self.list.count()):
            item = self.list.item(at)
            template = item.data(_ROLE)
            fits = all(word in _haystack(template) for word in words)
            item.setHidden(not fits)
            if fits:
                is_named = all(word in folded(template.name) for word in words)
                (by_name if is_named else by_anything).append(at)
        best = (*by_name, *by_anything)
        if best and (self.template() is None or (by_name and self.list.currentRow() not in by_name)):
            self.list.setCurrentRow(best[0])
        self._show()

    def _show(self) -> None:
        chosen = self.template()
        self._description.setText(plain(chosen.description) if chosen else "")
        self._facts.show_rows(template_rows(chosen.elements) if chosen else ())
        self.delete_button.setVisible(chosen is not None and chosen.is_own)
        self.set_waiting("" if chosen else "No template has these words.")

    async def _delete_chosen(self) -> None:
        chosen, item = self.template(), self.list.currentItem()
        told = await self._delete(self, chosen) if chosen is not None else ""
        if not told or chosen is None or not isValid(self):
            return
        is_gone = not chosen.file.exists()
        if is_gone:
            self.list.takeItem(self.list.row(item))
            self._filter(self.search.text())
        self.line.say(told, Tone.GOOD if is_gone else Tone.BAD)
        self.activateWindow()
        self.search.setFocus()


def _haystack(template: Template) -> str:
    works = codes_in(template.elements, tags.SCHEDULED_WORKITEM_CODE_SEQUENCE)
    texts = [template.name, template.description, template.id]
    texts += [template.elements.text(tag) for tag in (tags.PROCEDURE_STEP_LABEL, tags.WORKLIST_LABEL)]
    return folded(" ".join((*texts, *(f"{code.meaning} {code.value}" for code in works))))


def template_rows(elements: Elements) -> list[tuple[str, str]]:
    """What a template says: the name of each attribute and its values."""
    found = []
    for tag, name in _WORDS.items():
        if tag == tags.SCHEDULED_PROCESSING_PARAMETERS_SEQUENCE:
            lines = [_parameter(item) for item in elements.items(tag)]
        else:
            lines = [line.replace("\n", ", ") for line in element_lines(elements.get(tag))]
        more = [f"and {len(lines) - _MOST_LINES} more"] if len(lines) > _MOST_LINES else []
        found.append((name, "\n".join((*map(plain, lines[:_MOST_LINES]), *more))))
    return found


def _parameter(item: Elements) -> str:
    """`Plan Label: Lung_R`, or that it is asked for."""
    name = next((code.meaning for code in codes_in(item, tags.CONCEPT_NAME_CODE_SEQUENCE)), "Parameter")
    values = (item.text(tag) for tag in (tags.TEXT_VALUE, tags.NUMERIC_VALUE, tags.DATE_TIME, tags.DATE))
    codes = (code.meaning for code in codes_in(item, tags.CONCEPT_CODE_SEQUENCE))
    return f"{name}: {next((one for one in (*values, *codes) if one), 'to be filled in')}"


_WORDS = {
    tags.PROCEDURE_STEP_LABEL: "Label",
    tags.WORKLIST_LABEL: "Worklist",
    tags.SCHEDULED_WORKITEM_CODE_SEQUENCE: "Work type",
    tags.SCHEDULED_PROCEDURE_STEP_PRIORITY: "Priority",
    tags.INPUT_READINESS_STATE: "Inputs",
    tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE: "Station",
    tags.SCHEDULED_STATION_CLASS_CODE_SEQUENCE: "Station class",
    tags.SCHEDULED_STATION_GEOGRAPHIC_LOCATION_CODE_SEQUENCE: "Place",
    tags.SCHEDULED_HUMAN_PERFORMERS_SEQUENCE: "Performers",
    tags.SCHEDULED_PROCESSING_PARAMETERS_SEQUENCE: "Parameters",
    tags.OUTPUT_DESTINATION_SEQUENCE: "Output to",
}


class SaveTemplateDialog(ConfirmDialog):
    """Asks for a name; after `accept` it is saved. Shows what is kept, and that the patient is not."""

    def __init__(
        self,
        parent: QWidget | None,
        whole: Elements,
        *,
        save: Callable[[str, str, bool], Template],
        has_own: Callable[[str], bool],
        demo: bool,
    ) -> None:
        super().__init__(
            parent,
            "Save as template",
            "For any patient: patient, visit, request, inputs, comments and times are left out.",
            yes="Save template",
            no="Discard",
            icon="save",
            enter_confirms=True,
            demo=demo,
            width=640,
        )
        self._save = save
        self._has_own = has_own
        self.saved: Template | None = None
        self._whole = whole
        kept = for_template(whole, with_values=False)
        works = codes_in(kept, tags.SCHEDULED_WORKITEM_CODE_SEQUENCE)
        proposed = kept.text(tags.PROCEDURE_STEP_LABEL) or next((code.meaning for code in works), "")
        self.name = QLineEdit(proposed[:LONGEST_NAME])
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setAccessibleName("Name of the template")
        self.name.selectAll()
        self.message = FieldMessage(self.name)
        self.description = QLineEdit()
        self.description.setMaxLength(300)
        self.description.setPlaceholderText("What it is for")
        self.description.setAccessibleName("Description of the template")
        for words, field in (("Name", self.name), ("Description (optional)", self.description)):
            add_captioned(self.middle, words, field)
            if field is self.name:
                self.middle.addWidget(self.message)
        self.middle.addSpacing(6)
        self.middle.addWidget(label("The template keeps", "strong"))
        self._rows = Rows()
        self.with_values = QCheckBox("Keep the values of the parameters too: they are right for any patient")
        self.with_values.setVisible(has_values(whole))
        self.with_values.toggled.connect(self._show_kept)
        self.middle.addWidget(self._rows)
        self.middle.addWidget(self.with_values)
        if not len(kept):
            self.middle.addWidget(label("Nothing: this workitem says nothing of the work."))
        self._show_kept(False)
        named = _left_out(whole, kept)
        if named:
            self.middle.addWidget(
                label(f"Left out, since it tells who the patient is: {', '.join(named)}.", tone="warning")
            )
        self.name.textChanged.connect(self._look)
        self.confirmed.connect(self._try)
        self._look()
        self.guard.watch(self)

    def first_focus(self) -> QWidget:
        return self.name

    def _show_kept(self, with_values: bool) -> None:
        self._rows.show_rows(template_rows(for_template(self._whole, with_values=with_values)))

    def _look(self) -> None:
        name = self.name.text().strip()
        self.message.hide()
        self.set_waiting("" if name else "Save waits for a name")
        if name and self._has_own(name):
            self.line.say("This replaces the template of this name.", Tone.WARNING)

    def _try(self) -> None:
        try:
            self.saved = self._save(self.name.text(), self.description.text(), self.with_values.isChecked())
        except ValueError as error:
            self.message.warn(str(error))
            self.message.show()
            self.name.setFocus()
        except OSError as error:
            self.line.say(f"It was not saved: {error.strerror or error}.", Tone.BAD)
        else:
            self.accept()


def _left_out(whole: Elements, kept: Elements) -> list[str]:
    """What a template could have kept, but for the patient's name or number in it."""
    plain = Elements(one for one in whole if one.tag in TEMPLATE_TAGS and not one.is_empty)
    return [attribute_name(tag) for tag in sorted(plain.tags - kept.tags)]
