"""Progress: steps and slider are sent at once and once, the rest with the button, nothing else with it."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QStyle, QStyleOptionSlider

from tests.services.fake_peer import Fault
from tests.ui.desks import KEY, Setting, press, until
from tests.ui.transitions.hands import Open, begin, words_of
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code
from upsdesk.domain.contacts import Contact, contacts_in
from upsdesk.domain.content_items import ContentItem, ValueType
from upsdesk.domain.elements import Elements
from upsdesk.domain.operation import Operation
from upsdesk.domain.state import Action
from upsdesk.services.commands import ReportProgress
from upsdesk.ui.transitions.item_rows import ContactRow, ParameterRow
from upsdesk.ui.transitions.progress import ProgressDialog

PROGRESS = tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE
PARAMETERS = tags.PROCEDURE_STEP_PROGRESS_PARAMETERS_SEQUENCE
BEAM = ContentItem(Code("2018004", "99IHERO2018", "Referenced Beam Number"), ValueType.NUMERIC, "2")
MOMENT = Elements(
    [
        element(tags.VALUE_TYPE, "DATETIME"),
        sequence(tags.CONCEPT_NAME_CODE_SEQUENCE, Code("D1", "99LOCAL", "Began at").to_elements()),
        element(tags.DATE_TIME, "20260304091000"),
    ]
)


async def held(here: Setting, **known: object) -> tuple[Open, ProgressDialog]:
    await here.claim()
    if known:
        await ReportProgress(KEY, **known).run(here.desk)  # type: ignore[arg-type]
    open_ = await begin(here, Action.PROGRESS)
    assert isinstance(open_.dialog, ProgressDialog)
    return open_, open_.dialog


def stored(here: Setting) -> Elements:
    (item,) = here.server.workitems[KEY.uid].elements.items(PROGRESS)
    return item


def sets(here: Setting) -> int:
    return len(here.server.requests(Operation.SET))


def at(dialog: ProgressDialog, percent: int) -> QPoint:
    """Where the handle of the slider is for this percent."""
    slider = dialog.slider
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    handle = slider.style().subControlRect(
        QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, slider
    )
    if percent == slider.value():
        return handle.center()
    room = slider.width() - handle.width()
    return QPoint(handle.width() // 2 + round(room * percent / 100), handle.center().y())


async def test_a_dragged_slider_sends_once_when_it_is_released(here: Setting) -> None:
    open_, dialog = await held(here)
    dialog.description.setText("being typed")
    button = Qt.MouseButton.LeftButton
    QTest.mousePress(dialog.slider, button, pos=at(dialog, 0))
    for percent in range(1, 61, 3):
        QTest.mouseMove(dialog.slider, at(dialog, percent))
        dialog.slider.setSliderPosition(percent)
    assert sets(here) == 0
    QTest.mouseRelease(dialog.slider, button, pos=at(dialog, dialog.slider.value()))
    await until(lambda: "Sent" in dialog.line.text, "the answer")
    assert sets(here) == 1
    assert float(stored(here).text(tags.PROCEDURE_STEP_PROGRESS)) == dialog.slider.value() > 50
    # What is typed waits for the button, and the dialog stays.
    assert tags.PROCEDURE_STEP_PROGRESS_DESCRIPTION not in stored(here)
    assert dialog.isVisible() and dialog.description.text() == "being typed"
    QTest.mouseClick(dialog.slider, button, pos=at(dialog, dialog.slider.value()))
    assert sets(here) == 1  # nothing has moved
    await open_.confirm()
    await open_.ended()
    assert stored(here).text(tags.PROCEDURE_STEP_PROGRESS_DESCRIPTION) == "being typed"
    assert sets(here) == 2


async def test_steps_one_after_the_other(here: Setting) -> None:
    open_, dialog = await held(here)
    for percent in (25, 50, 75):
        dialog.steps[percent].click()
        assert not dialog.steps[25].isEnabled()
        await until(lambda percent=percent: f"Sent {percent} %" in dialog.line.text, "the answer")
        assert stored(here).text(tags.PROCEDURE_STEP_PROGRESS) == str(percent)
    assert sets(here) == 3
    await press(Qt.Key.Key_Escape)
    await open_.ended()


async def test_an_answer_takes_no_focus_from_who_is_typing(here: Setting) -> None:
    open_, dialog = await held(here)
    dialog.steps[25].click()
    dialog.description.setFocus()
    QTest.keyClicks(dialog.description, "Beam")
    await until(lambda: "Sent" in dialog.line.text, "the answer")
    assert dialog.description.hasFocus() and dialog.description.text() == "Beam"
    await open_.close()


@pytest.mark.parametrize("fault", [0xC301, Fault.LOST_BEFORE])
async def test_a_step_that_was_not_answered_well_is_told(here: Setting, fault: Fault | int) -> None:
    open_, dialog = await held(here)
    here.server.fail(Operation.SET, fault)
    dialog.steps[25].click()
    await until(dialog.notice.isVisible, "what came")
    assert ("C301" if isinstance(fault, int) else "unknown") in dialog.notice.text
    await open_.close()


async def test_nothing_is_sent_at_once_when_the_workitem_has_ended(here: Setting) -> None:
    open_, dialog = await held(here)
    here.server.change(KEY.uid, element(tags.PROCEDURE_STEP_STATE, "CANCELED"))
    here.read()
    assert dialog.waits
    dialog.steps[50].click()
    assert sets(here) == 0
    await open_.close()


async def test_parameters_and_contacts_are_added_and_what_is_there_stays(here: Setting) -> None:
    open_, dialog = await held(here, percent=40.0, parameters=(MOMENT,))
    await until(lambda: "Began at: 20260304091000" in words_of(dialog), "the parameter that is there")
    dialog.parameters.add_button.click()
    row = dialog.parameters.rows[-1]
    assert isinstance(row, ParameterRow) and dialog.waits
    row.name.setCurrentIndex(row.name.findText("Referenced Beam Number"))
    row.type.setCurrentIndex(list(ValueType).index(ValueType.NUMERIC))
    row.value.setText("two")
    assert dialog.waits and "right parameters" in dialog.line.text and row.message.text
    row.value.setText("2")
    dialog.contacts.add_button.click()
    contact = dialog.contacts.rows[-1]
    assert isinstance(contact, ContactRow) and "right contacts" in dialog.line.text
    contact.uri.setText("tel:+4930123")
    contact.name.setText("Ward 3")
    await open_.confirm()
    await open_.ended()
    item = stored(here)
    assert item.items(PARAMETERS) == (MOMENT, BEAM.to_elements())
    assert contacts_in(item) == (Contact("tel:+4930123", "Ward 3"),)
    assert item.text(tags.PROCEDURE_STEP_PROGRESS) == "40"


async def test_untouched_parameters_are_not_sent_again(here: Setting) -> None:
    contact = Contact("mailto:desk@example.org")
    open_, dialog = await held(here, parameters=(BEAM.to_elements(), MOMENT), contacts=(contact,))
    assert dialog.waits
    dialog.description.setText("Beam 2")
    assert dialog.command().parameters is None and dialog.command().contacts is None
    await open_.close()


@pytest.mark.parametrize(
    ("item", "is_right"),
    [
        (BEAM, True),
        (ContentItem(BEAM.name, ValueType.NUMERIC, "1.5e1", "mm"), True),
        (ContentItem(BEAM.name, ValueType.TEXT, "a\\b"), True),
        (ContentItem(BEAM.name, ValueType.CODE, "1^S^one"), True),
        (ContentItem(BEAM.name, ValueType.CODE, "one"), False),
        (ContentItem(BEAM.name, ValueType.NUMERIC, "1,5"), False),
        (ContentItem(BEAM.name, ValueType.NUMERIC, "12345678901234567"), False),
        (ContentItem(BEAM.name, ValueType.TEXT, ""), False),
    ],
)
def test_a_content_item_is_read_as_it_was_written(item: ContentItem, is_right: bool) -> None:
    assert bool(item.problem) is not is_right
    if is_right:
        assert ContentItem.read(item.to_elements()) == item
