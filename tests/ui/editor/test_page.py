"""The editor page on a real desk: what is sent, what stays typed, and what the server made of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit

from tests.services.fake_peer import Fault
from tests.services.values import NOW, PEER
from tests.ui.desks import KEY, Setting, opened, setting, until
from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Elements
from upsdesk.domain.events import StateReported
from upsdesk.domain.keys import WorkitemKey
from upsdesk.domain.operation import Operation
from upsdesk.domain.state import ProcedureStepState
from upsdesk.ui.editor.conflict_dialog import ConflictDialog
from upsdesk.ui.editor.inputs import LockedInput
from upsdesk.ui.editor.page import EditorPage
from upsdesk.ui.editor.page_view import FormView
from upsdesk.ui.editor.tree_model import TreeColumn


@pytest_asyncio.fixture
async def here(tmp_path: Path) -> AsyncIterator[Setting]:
    async with setting(tmp_path) as made:
        yield made


@pytest_asyncio.fixture
async def page(here: Setting) -> AsyncIterator[EditorPage]:
    made = EditorPage(here.desk, here.window)
    made.resize(here.window.size())
    made.show()
    yield made
    made.hide()


async def open_edit(page: EditorPage) -> None:
    page.open_for(KEY)
    await until(lambda: page.form() is not None, "the workitem read")


def type_into(page: EditorPage, field_id: str, text: str) -> None:
    part = page.row(field_id).input.parts()[0]
    assert isinstance(part, QLineEdit)
    part.setFocus()
    part.selectAll()
    QTest.keyClicks(part, text)


def words_of(page: EditorPage) -> str:
    return " | ".join(
        one.text().replace("\u200b", "") for one in page.findChildren(QLabel) if one.isVisibleTo(page)
    )


async def test_only_what_differs_is_sent_and_the_page_closes(here: Setting, page: EditorPage) -> None:
    closed: list[WorkitemKey | None] = []
    page.closed.connect(closed.append)
    await open_edit(page)
    assert not page.has_changes()
    type_into(page, "start", "2026-03-04 11:15")
    page.row("priority").input.set_value("HIGH")
    assert page.has_changes()
    assert page.foot.send_button.text() == "Send 2 changes"
    page.foot.send_button.click()
    await until(lambda: closed, "the page closed")
    assert closed == [KEY]
    (sent,) = here.server.sent_elements
    assert sent.tags == {
        tags.SCHEDULED_PROCEDURE_STEP_PRIORITY,
        tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME,
    }
    assert sent.text(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME) == "20260304111500+0000"


async def test_nothing_is_sent_while_a_field_is_wrong(here: Setting, page: EditorPage) -> None:
    await open_edit(page)
    type_into(page, "start", "2026-03-04 11:15")
    type_into(page, "expiration", "2026-03-04 11:00")
    assert "Must be after the start, 11:15" in words_of(page)
    assert page.foot.line.text == "1 problem: Expiration: must be after the start, 11:15."
    await until(lambda: "held back until the field is right" in words_of(page), "what is held back")
    page.row("label").input.parts()[0].setFocus()
    page.foot.send_button.click()
    assert here.server.sent_elements == []
    assert page.row("expiration").input.parts()[0].hasFocus()
    type_into(page, "expiration", "2026-03-04 12:00")
    assert page.foot.send_button.text() == "Send 2 changes"
    assert page.foot.line.text == "All fields are right."


async def test_what_n_set_forbids_is_locked(page: EditorPage, here: Setting) -> None:
    await open_edit(page)
    for field_id in ("patient_name", "patient_id", "birth_date", "sex", "accession", "admission"):
        assert isinstance(page.row(field_id).input, LockedInput)
    assert "To correct it: cancel and create again." in words_of(page)


async def test_what_the_server_dropped_is_told(here: Setting, page: EditorPage) -> None:
    here.server.dropped_tags = frozenset({tags.COMMENTS_ON_THE_SCHEDULED_PROCEDURE_STEP})
    await open_edit(page)
    page.row("comments").input.set_value("Bolus 10 mm")
    page.foot.send_button.click()
    await until(page.notice.isVisible, "the note")
    assert "Comments" in page.notice.text
    assert not page.foot.send_button.isVisible()
    assert page.foot.discard_button.text() == "Back to worklist"


async def test_what_was_typed_stays_when_nothing_could_be_sent(here: Setting, page: EditorPage) -> None:
    await open_edit(page)
    type_into(page, "label", "Another label")
    here.server.fail(Operation.GET, Fault.UNREACHABLE)
    page.foot.send_button.click()
    await until(page.notice.isVisible, "the failure")
    assert "cannot be reached" in page.notice.text
    assert page.row("label").input.value() == "Another label"
    assert here.server.sent_elements == []
    page.foot.send_button.click()
    await until(lambda: bool(here.server.sent_elements), "sent at the second time")
    await until(lambda: page.form() is None, "the page closed")


async def conflict(here: Setting, page: EditorPage) -> ConflictDialog:
    """Label changed here and there, the worklist label only there, the comments only here."""
    await open_edit(page)
    type_into(page, "label", "My label")
    here.server.change(KEY.uid, element(tags.PROCEDURE_STEP_LABEL, "Their label"))
    here.server.change(KEY.uid, element(tags.WORKLIST_LABEL, "Their list"))
    page.foot.send_button.click()
    dialog = await until(lambda: page.window().findChild(ConflictDialog), "the conflict")
    assert here.server.sent_elements == []
    assert dialog.waits and "Procedure Step Label" in dialog.line.text
    return dialog


@pytest.mark.parametrize(("number", "label"), [(1, "My label"), (0, "Their label")])
async def test_of_two_values_one_is_chosen(here: Setting, page: EditorPage, number: int, label: str) -> None:
    dialog = await conflict(here, page)
    dialog.choices[tags.PROCEDURE_STEP_LABEL].button(number).click()
    dialog.yes_button.click()
    await until(page.notice.isVisible, "the form on what was read")
    assert page.row("label").input.value() == label
    assert page.row("worklist").input.value() == "Their list"
    assert here.server.sent_elements == []
    form = page.form()
    assert form is not None
    assert [one.text for one in form.to_send()] == (["My label"] if number else [])


async def test_who_decides_later_keeps_what_was_typed(here: Setting, page: EditorPage) -> None:
    dialog = await conflict(here, page)
    dialog.no_button.click()
    await until(page.notice.isVisible, "what was said")
    assert page.row("label").input.value() == "My label"
    assert here.server.sent_elements == []
    assert "kept" in page.notice.text


async def test_keys_take_back_and_do_again_what_was_done_in_fields_and_in_the_list(
    here: Setting, page: EditorPage
) -> None:
    await open_edit(page)
    label = page.row("label").input
    before = label.value()
    type_into(page, "label", "One")
    type_into(page, "worklist", "Two")
    tree = page.tree
    page.tree.view.setCurrentIndex(tree.model.index_of((tags.PROCEDURE_STEP_LABEL,), TreeColumn.VALUE))
    tree.model.setData(tree.view.currentIndex(), "Three")
    assert label.value() == "Three"
    field = page.row("worklist").input.parts()[0]
    QTest.keySequence(field, "Ctrl+Z")
    assert label.value() == "One"
    QTest.keySequence(field, "Ctrl+Z")
    QTest.keySequence(field, "Ctrl+Z")
    assert label.value() == before
    form = page.form()
    assert form is not None and len(form.to_send()) == 0 and not page.undo_button.isEnabled()
    page.redo_button.click()
    assert label.value() == "One"


async def test_any_attribute_is_added_changed_and_sent_with_nothing_else(
    here: Setting, page: EditorPage
) -> None:
    await open_edit(page)
    page.findChild(FormView).all_button.click()
    tree = page.tree
    tree.add_field.setText("ScheduledProcessingParametersSequence/ConceptNameCodeSequence/CodeMeaning")
    tree.add_button.click()
    editor = await until(lambda: tree.view.viewport().findChild(QLineEdit), "a field for the value")
    QTest.keyClicks(editor, "Dose")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    path = (0x00741210, tags.CONCEPT_NAME_CODE_SEQUENCE, tags.CODE_MEANING)

    def sent() -> Elements:
        form = page.form()
        return form.to_send() if form is not None else Elements()

    await until(lambda: sent().text(*path) == "Dose", "what was typed")
    assert sent().tags == {path[0]}
    # A content item needs more than that, and the list leads to it.
    assert page.foot.send_button.property("forbidden")
    assert "›" in page.foot.line.text
    page.foot.go_button.click()
    assert tree.add_field.text() or tree.view.currentIndex().isValid()


async def test_what_cannot_be_sent_is_not_taken(here: Setting, page: EditorPage) -> None:
    await open_edit(page)
    tree = page.tree
    for typed, words in (
        ("PatientName", "cannot be sent"),
        ("TransactionUID", "never"),
        ("NoSuchThing", "NoSuchThing"),
    ):
        tree.add_field.setText(typed)
        tree.add_button.click()
        assert words in tree.message.text
    index = tree.model.index_of((tags.SCHEDULED_PROCEDURE_STEP_PRIORITY,), TreeColumn.VALUE)
    assert not tree.model.setData(index, "URGENT") and "is none of" in tree.message.text
    patient = tree.model.index_of((tags.PATIENT_NAME,), TreeColumn.VALUE)
    assert not tree.model.flags(patient) & Qt.ItemFlag.ItemIsEditable
    form = page.form()
    assert form is not None and len(form.to_send()) == 0


async def test_a_server_that_wants_a_list_of_attributes_gets_one(here: Setting, page: EditorPage) -> None:
    here.server.needs_a_list = True
    await open_edit(page)
    type_into(page, "label", "Typed")
    page.foot.send_button.click()
    await until(lambda: bool(here.server.sent_elements), "sent")


async def test_what_was_typed_is_there_again_after_the_program_was_killed(
    here: Setting, page: EditorPage
) -> None:
    await open_edit(page)
    type_into(page, "label", "Typed")
    type_into(page, "start", "2026-11-1")
    draft = await until(lambda: here.desk.desk_file.draft(*KEY), "the draft on disk")
    assert "Typed" in draft.content
    await until(lambda: "2026-11-1" in str(here.desk.desk_file.draft(*KEY)), "the rest of it")
    again = EditorPage(here.desk, here.window)  # nothing was told to the page before: it is as after a kill
    again.resize(here.window.size())
    again.show()
    await open_edit(again)
    assert "is here again" in again.notice.text
    assert again.row("label").input.value() == "Typed"
    assert again.row("start").input.value() == "2026-11-1"
    assert again.has_changes()
    again.row("start").input.set_value("2026-11-19 09:40")
    again.foot.send_button.click()
    await until(lambda: bool(here.server.sent_elements), "sent")
    await until(lambda: here.desk.desk_file.draft(*KEY) is None, "the draft gone")
    again.hide()


async def test_a_patient_and_state_that_change_meanwhile_are_followed(
    here: Setting, page: EditorPage
) -> None:
    await open_edit(page)
    type_into(page, "label", "My label")
    here.server.change(KEY.uid, element(tags.PATIENT_NAME, "Nowak^Jana"))
    here.read()
    assert page.banner.name_text == "Nowak, Jana"
    assert "Name: Novak, Jana → Nowak, Jana" in page.notice.text
    assert page.row("label").input.value() == "My label"
    here.desk.apply(StateReported(KEY, ProcedureStepState.IN_PROGRESS, NOW))
    assert "State: Scheduled → In progress" in page.notice.text
    assert page.foot.send_button.property("forbidden")
    page.foot.send_button.click()
    assert here.server.sent_elements == []


async def test_a_new_workitem_is_created_with_its_patient(here: Setting, page: EditorPage) -> None:
    closed: list[WorkitemKey | None] = []
    page.closed.connect(closed.append)
    page.open_new(PEER)
    assert "Create waits for: Label" in page.foot.line.text
    assert "Needed for every workitem" not in words_of(page)  # nothing is scolded before it was reached
    type_into(page, "label", "CT head")
    name = page.row("patient_name").input.parts()
    assert isinstance(name[0], QLineEdit) and isinstance(name[1], QLineEdit)
    QTest.keyClicks(name[0], "Okafor")
    QTest.keyClicks(name[1], "Chidi")
    type_into(page, "patient_id", "5520147")
    assert page.banner.name_text == "Okafor, Chidi"
    page.row("work_type").input.set_value(Code("110004", "DCM", "Computer Aided Detection"))
    assert page.foot.send_button.text() == "Create workitem"
    page.foot.send_button.click()
    await until(lambda: closed, "the page closed")
    (key,) = closed
    assert key is not None and key.peer == PEER.id
    made = here.server.workitems[key.uid].elements
    assert made.text(tags.PATIENT_NAME) == "Okafor^Chidi"
    assert made.text(tags.PROCEDURE_STEP_LABEL) == "CT head"


async def test_an_unknown_creation_is_repeated_with_the_same_uid(here: Setting, page: EditorPage) -> None:
    page.open_new(PEER)
    type_into(page, "label", "CT head")
    here.server.fail(Operation.CREATE, Fault.LOST_BEFORE, Fault.LOST_BEFORE)
    page.foot.send_button.click()
    await until(page.notice.isVisible, "no answer")
    assert page.row("label").input.value() == "CT head"
    page.foot.send_button.click()
    await until(lambda: page.form() is None, "created")
    asked = {uid for operation, uid in here.server.log if operation is Operation.CREATE}
    assert len(asked) == 1


async def test_an_unknown_creation_is_repeated_with_the_same_uid_after_a_restart(
    here: Setting, page: EditorPage
) -> None:
    page.open_new(PEER)
    type_into(page, "label", "CT head")
    await until(lambda: here.desk.desk_file.draft(PEER.id, None), "the draft")
    here.server.fail(Operation.CREATE, Fault.LOST_AFTER, Fault.LOST_BEFORE)  # it arrived, nobody knows
    page.foot.send_button.click()
    await until(page.notice.isVisible, "no answer")
    await until(lambda: "attempt" in str(here.desk.desk_file.draft(PEER.id, None)), "the UID on disk")
    again = EditorPage(here.desk, here.window)  # as after a crash
    again.show()
    again.open_new(PEER)
    assert again.row("label").input.value() == "CT head"
    assert "the same UID" in again.notice.text
    again.foot.send_button.click()
    await until(lambda: again.form() is None or again.notice.isVisible(), "the answer")
    made = [uid for uid in here.server.workitems if uid != KEY.uid]
    assert len(made) == 1, "it was created twice"
    again.hide()


async def test_other_parts_of_a_name_survive_the_two_fields(here: Setting, page: EditorPage) -> None:
    page.open_new(PEER)
    name = page.row("patient_name").input
    family, _, raw = name.parts()
    assert isinstance(raw, QLineEdit) and isinstance(family, QLineEdit)
    QGuiApplication.clipboard().setText("Yamada^Tarou^^Dr=山田^太郎=やまだ^たろう")
    raw.paste()  # keys of these scripts come from an input method, which QTest does not have
    assert family.text() == "Yamada"
    family.selectAll()
    QTest.keyClicks(family, "Tanaka^")
    assert name.value() == "Tanaka^Tarou^^Dr=山田^太郎=やまだ^たろう"


async def test_leaving_with_changes_asks_first(here: Setting, page: EditorPage) -> None:
    closed: list[WorkitemKey | None] = []
    page.closed.connect(closed.append)
    await open_edit(page)
    type_into(page, "label", "Typed")
    page.head.back_button.click()
    dialog = await opened(here.window)
    assert dialog.no_button.text() == "Keep editing"
    dialog.no_button.click()
    await until(lambda: not dialog.isVisible(), "the question gone")
    assert closed == [] and page.has_changes()
    page.head.back_button.click()
    (await opened(here.window)).yes_button.click()
    await until(lambda: closed, "the page closed")
    assert here.server.sent_elements == []


async def test_a_workitem_that_cannot_be_read_offers_nothing_to_send(here: Setting, page: EditorPage) -> None:
    here.server.fail(Operation.GET, Fault.UNREACHABLE)
    page.open_for(KEY)
    await until(page.notice.isVisible, "the failure")
    assert "cannot be reached" in page.notice.text
    page.foot.send_button.click()
    assert here.server.sent_elements == []


@pytest.mark.parametrize("width", [650, 720, 800, 1280])
async def test_no_field_is_cut_beside_the_details(here: Setting, page: EditorPage, width: int) -> None:
    page.resize(width, 420)
    page.open_new(PEER)
    view = page.findChild(FormView)
    assert view is not None
    await until(lambda: view.area.viewport().width() > 300, "the page laid out")
    room = view.area.viewport()
    content = view.area.widget()
    await until(lambda: content.width() == room.width(), f"{content.minimumSizeHint()} in {room.size()}")
    for row in page.rows():
        for part in row.input.parts():
            right = part.mapTo(content, part.rect().topRight()).x()
            assert right < room.width(), row.spec.words


async def test_every_field_has_an_accessible_name(here: Setting, page: EditorPage) -> None:
    page.open_new(PEER)
    for row in page.rows():
        for part in row.input.parts():
            assert part.accessibleName(), row.spec.id
            assert part.focusPolicy() & Qt.FocusPolicy.TabFocus


async def test_what_will_be_sent_is_copied_as_json_and_as_a_command_line(
    here: Setting, page: EditorPage
) -> None:
    await open_edit(page)
    type_into(page, "label", "Copied label")
    clipboard = QGuiApplication.clipboard()
    for action in page.copy_button.menu().actions()[1:]:
        clipboard.clear()
        action.trigger()
        assert "Copied label" in clipboard.text() and "HIGH" not in clipboard.text()
    assert clipboard.text().startswith("upsdesk set ")
    clipboard.clear()
    type_into(page, "start", "no time")
    page.copy_button.menu().actions()[0].trigger()
    assert clipboard.text() == "" and "Nothing was copied" in page.foot.line.text
