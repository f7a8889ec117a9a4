"""Complete: what this server asked for, who did it, and what was made."""

from pathlib import Path

import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit
from shiboken6 import isValid

from tests.services.values import PEER
from tests.support.plain_scp import data_set
from tests.ui.desks import KEY, Setting, pause, until
from tests.ui.transitions.hands import Open, acts, begin, words_of
from upsdesk.domain import tags
from upsdesk.domain.codes import Code, codes_in
from upsdesk.domain.elements import Elements
from upsdesk.domain.instances import Instance, output_items, read_pasted, strangers
from upsdesk.domain.operation import Operation
from upsdesk.domain.operators import Operator
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.domain.workitem import PatientFacts
from upsdesk.ui.transitions.complete import CompleteDialog
from upsdesk.ui.transitions.outputs import OutputsDialog
from upsdesk.ui.transitions.performer import PerformerDialog

S = ProcedureStepState
PERFORMED = tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE
PERFORMERS = (PERFORMED, tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE)
OUTPUT = (PERFORMED, tags.OUTPUT_INFORMATION_SEQUENCE)
CT = "1.2.840.10008.5.1.4.1.1.2"


async def held(here: Setting) -> tuple[Open, CompleteDialog]:
    await here.claim()
    open_ = await begin(here, Action.COMPLETE)
    assert isinstance(open_.dialog, CompleteDialog)
    await until(open_.dialog.use_all.isVisible, "the suggestions")
    return open_, open_.dialog


def stored(here: Setting) -> Elements:
    (item,) = here.server.workitems[KEY.uid].elements.items(PERFORMED)
    return item


async def part(dialog: CompleteDialog, kind: type) -> OutputsDialog | PerformerDialog:
    """The sheet over the dialog."""
    found = await until(
        lambda: next((one for one in dialog.findChildren(kind) if one.isVisible()), None), "it"
    )
    await pause()
    assert isinstance(found, (OutputsDialog, PerformerDialog))
    return found


class TestDemands:
    async def test_what_a_server_refused_for_is_asked_for_the_next_time(self, here: Setting) -> None:
        await here.desk.demands.note(PEER.id, S.COMPLETED, [PERFORMERS])
        open_, dialog = await held(here)
        dialog.use_all.click()
        assert "Human performer" in dialog.line.text
        await until(lambda: "This server asked for it before" in words_of(dialog), "why it is asked for")
        field = dialog.need("Human performer").field
        assert isinstance(field, QLineEdit)
        field.setText("Meyer, Anna")
        field.editingFinished.emit()
        await open_.confirm()
        await open_.ended()
        performer = stored(here).items(tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE)[0]
        assert performer.text(tags.HUMAN_PERFORMER_NAME) == "Meyer^Anna"

    async def test_it_can_be_left_out(self, here: Setting) -> None:
        description = (PERFORMED, 0x00400254)
        await here.desk.demands.note(PEER.id, S.COMPLETED, [PERFORMERS, description])
        open_, dialog = await held(here)
        dialog.use_all.click()
        for words in ("Human performer", "Performed description"):
            assert words in dialog.line.text
            dialog.need(words)._leave_out.click()
        await open_.confirm()
        await open_.ended()
        assert here.server.state_of(KEY.uid) is S.COMPLETED
        assert tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE not in stored(here)

    async def test_a_refusal_adds_what_it_names_to_the_open_dialog(self, here: Setting) -> None:
        open_, dialog = await held(here)
        dialog.use_all.click()
        here.server.comments[Operation.CHANGE_STATE] = "missing: OutputInformationSequence"
        here.server.fail(Operation.CHANGE_STATE, 0xC304)
        await open_.confirm()
        await open_.told("C304")
        assert dialog.waits and "Output" in dialog.line.text
        assert "missing: OutputInformationSequence" in dialog.notice.text
        assert here.desk.demands.of(PEER.id, S.COMPLETED) == (OUTPUT,)
        # What was filled stays filled.
        assert dialog.need("Performed station").element is not None
        await open_.close()


class TestPerformer:
    async def test_by_name_and_code(self, here: Setting) -> None:
        open_, dialog = await held(here)
        dialog.use_all.click()
        more = dialog.need("Human performer").more
        assert more is not None
        more.click()
        sheet = await part(dialog, PerformerDialog)
        assert isinstance(sheet, PerformerDialog) and sheet.waits
        sheet.name.setText("Meyer, Anna")
        sheet.code.value.setText("4711")
        assert sheet.waits  # half a code
        sheet.code.scheme.setText("99STAFF")
        sheet.organization.setText("Radiotherapy")
        QTest.keyClick(sheet.name, Qt.Key.Key_Return)
        await until(lambda: not isValid(sheet) or not sheet.isVisible(), "the sheet to close")
        await until(lambda: "4711 99STAFF" in words_of(dialog), "who was chosen")
        assert acts(here) == [Operation.CHANGE_STATE]
        await open_.confirm()
        await open_.ended()
        (person,) = stored(here).items(tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE)
        (code,) = codes_in(person, tags.HUMAN_PERFORMER_CODE_SEQUENCE)
        assert (code.value, code.scheme, code.meaning) == ("4711", "99STAFF", "Meyer, Anna")
        assert person.text(tags.HUMAN_PERFORMER_NAME) == "Meyer^Anna"
        assert person.text(tags.HUMAN_PERFORMER_ORGANIZATION) == "Radiotherapy"

    async def test_the_operator_is_one_of_the_suggestions(self, here: Setting) -> None:
        meyer = Operator("Meyer^Anna", Code("4711", "99STAFF", "Meyer, Anna"))
        here.desk.duty.choose(meyer)
        open_, dialog = await held(here)
        await until(lambda: "Suggested: Meyer, Anna, the operator" in words_of(dialog), "the suggestion")
        dialog.use_all.click()
        await open_.confirm()
        await open_.ended()
        (person,) = stored(here).items(tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE)
        assert person.text(tags.HUMAN_PERFORMER_NAME) == "Meyer^Anna"
        assert codes_in(person, tags.HUMAN_PERFORMER_CODE_SEQUENCE) == (meyer.code,)

    async def test_not_known_never_blocks(self, here: Setting) -> None:
        open_, dialog = await held(here)
        await until(lambda: "Not known" in words_of(dialog), "that nobody is known")
        dialog.use_all.click()
        await open_.confirm()
        await open_.ended()
        assert tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE not in stored(here)


def write_instance(path: Path, series: str, uid: str, **values: str) -> None:
    ds = data_set(
        SOPClassUID=CT,
        SOPInstanceUID=uid,
        StudyInstanceUID="1.2.9",
        SeriesInstanceUID=series,
        **({"PatientID": "PAT-1", "PatientName": "Novak^Jana"} | values),
    )
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.save_as(path, enforce_file_format=True)


class TestOutput:
    async def test_files_of_a_folder_become_one_item_a_series(self, here: Setting, tmp_path: Path) -> None:
        folder = tmp_path / "out"
        (folder / "deep").mkdir(parents=True)
        write_instance(folder / "1", "1.2.9.1", "1.2.9.1.1")
        write_instance(folder / "2", "1.2.9.1", "1.2.9.1.2")
        write_instance(folder / "deep" / "3", "1.2.9.2", "1.2.9.2.1")
        (folder / "notes.txt").write_text("not DICOM")
        open_, dialog = await held(here)
        dialog.use_all.click()
        more = dialog.need("Output").more
        assert more is not None
        more.click()
        sheet = await part(dialog, OutputsDialog)
        assert isinstance(sheet, OutputsDialog) and sheet.waits
        await sheet.read([folder])
        assert sheet.line.text == "Waits for the AE title that they can be fetched from"
        await until(lambda: "notes.txt is no DICOM file" in words_of_sheet(sheet), "the other file")
        sheet.aet.setText("ARCHIVE")
        sheet.yes_button.click()
        await until(lambda: not isValid(sheet) or not sheet.isVisible(), "the sheet to close")
        await until(lambda: "3 instances in 2 series" in words_of(dialog), "what was chosen")
        await open_.confirm()
        await open_.ended()
        items = stored(here).items(tags.OUTPUT_INFORMATION_SEQUENCE)
        assert [item.text(tags.SERIES_INSTANCE_UID) for item in items] == ["1.2.9.1", "1.2.9.2"]
        assert all(item.text(tags.DICOM_RETRIEVAL_SEQUENCE, 0x00080054) == "ARCHIVE" for item in items)
        uids = [
            one.text(tags.REFERENCED_SOP_INSTANCE_UID) for item in items for one in item.items(0x00081199)
        ]
        assert uids == ["1.2.9.1.1", "1.2.9.1.2", "1.2.9.2.1"]
        assert here.desk.retrieve_aets[PEER.id] == "ARCHIVE"

    @pytest.mark.parametrize("values", [{"PatientID": "PAT-2"}, {"PatientName": "Kim^Do-yeon"}])
    async def test_files_of_another_patient_want_a_tick(
        self, here: Setting, tmp_path: Path, values: dict[str, str]
    ) -> None:
        write_instance(tmp_path / "1", "1.2.9.1", "1.2.9.1.1", **values)
        open_, dialog = await held(here)
        sheet = OutputsDialog(dialog, (), "ARCHIVE")
        sheet.open()
        await sheet.read([tmp_path / "1"])
        assert sheet.waits and "another patient" in sheet.line.text
        await until(lambda: "Another patient: 1 file of" in words_of_sheet(sheet), "whose they are")
        sheet.anyway.setChecked(True)
        assert not sheet.waits
        sheet.reject()
        await open_.close()

    def test_pasted_lines(self) -> None:
        text = f"1.2.9, 1.2.9.1, {CT}, 1.2.9.1.1\n\n1.2.9\t1.2.9.1\t{CT}\t1.2.9.1.1\n1.2 1.3 x 1.4\n1.2 1.3"
        found = read_pasted(text)
        assert found.instances == (Instance("1.2.9", "1.2.9.1", CT, "1.2.9.1.1"),)
        assert [problem.partition(":")[0] for problem in found.problems] == ["Line 4", "Line 5"]

    def test_what_is_there_stays_and_nothing_stands_twice(self) -> None:
        one, two = Instance("1.2.9", "1.2.9.1", CT, "1.1"), Instance("1.2.9", "1.2.9.1", CT, "1.2")
        first = output_items([one, one], "ARCHIVE")
        assert output_items([one], "OTHER", first) == first
        both = output_items([two], "ARCHIVE", first)
        assert len(both) == 1 and len(both[0].items(0x00081199)) == 2
        assert len(output_items([two], "OTHER", first)) == 2

    def test_what_a_file_does_not_say_is_no_stranger(self) -> None:
        known = PatientFacts("Novák^Jana^^^", "PAT-1", "19620410")
        same = [PatientFacts(), PatientFacts("NOVÁK^JANA", "PAT-1"), PatientFacts(birth_date="19620410")]
        assert strangers([Instance("1", "2", CT, "3", one) for one in same], known) == ()
        other = PatientFacts("Novák^Jana", "PAT-1", "19620411")
        assert strangers([Instance("1", "2", CT, "3", other)], known)


def words_of_sheet(sheet: OutputsDialog) -> str:
    return " | ".join(one.text() for one in sheet.findChildren(QLabel) if one.isVisibleTo(sheet))
