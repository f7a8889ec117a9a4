"""Character sets in and out: what came in one is found by keys in any other and can be read (PS3.5 6.1)."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pydicom.charset
import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from tests.support.plain_scu import FILTERED, WATCH, dataset, workitem
from tests.support.running_scp import Bench, bench

_NAME, _LABEL, _COMMENTS, _REASON = 0x00100010, 0x00741204, 0x00400400, 0x00741238


def by_component(encoded: Callable[[str], bytes]) -> Callable[[str], bytes]:
    """Code extensions start over at `^`, `=` and a line's end (PS3.5 6.1.2.5.3)."""
    return lambda text: b"".join(
        part.encode() if re.fullmatch(r"[\x00-\x7f]*", part) else encoded(part)
        for part in re.split(r"([\^=\r\n])", text)
    )


def python(codec: str) -> Callable[[str], bytes]:
    return lambda text: text.encode(codec)


def invoked(escape: bytes, codec: str) -> Callable[[str], bytes]:
    return by_component(lambda part: escape + part.encode(codec))


def _japanese_with_katakana(part: str) -> bytes:
    try:
        data = part.encode("shift_jis")
        if len(data) == len(part):  # half-width: in the set that the value begins with
            return data
    except UnicodeEncodeError:
        pass
    return part.encode("iso2022_jp").replace(b"\x1b(B", b"\x1b(J")


def _latin_or_cyrillic(part: str) -> bytes:
    try:
        return part.encode("latin-1")
    except UnicodeEncodeError:
        return b"\x1b-L" + part.encode("iso8859-5")


@dataclass(frozen=True)
class Repertoire:
    """Values of (0008,0005), how a text is written under them, and a name and a label of those letters."""

    terms: list[str]
    encoded: Callable[[str], bytes]
    name: str
    label: str

    @property
    def id(self) -> str:
        return "+".join(term or "default" for term in self.terms)

    def data_set(self, base: Dataset, texts: dict[int, str]) -> Dataset:
        """`base` with `texts` in this repertoire, as bytes that pydicom passes on as they are: of VR UN.

        In implicit VR that is no difference, and in explicit VR the known VR counts (PS3.5 6.2.2).
        """
        base.SpecificCharacterSet = self.terms if len(self.terms) > 1 else self.terms[0]
        for tag, text in texts.items():
            data = self.encoded(text)
            base.add(DataElement(Tag(tag), "UN", data + b" " * (len(data) % 2)))
        return base


REPERTOIRES = [
    Repertoire(["ISO_IR 100"], python("latin-1"), "Müller^Jörg", "Größe messen"),
    Repertoire(["ISO_IR 101"], python("iso8859-2"), "Nováková^Žofie", "Ozáření páteře"),
    Repertoire(["ISO_IR 109"], python("iso8859-3"), "Ħaġar^Ċensu", "Eĥoŝanĝo"),
    Repertoire(["ISO_IR 110"], python("iso8859-4"), "Ķēniņš^Jānis", "Apstarošana ķermeņa"),
    Repertoire(["ISO_IR 144"], python("iso8859-5"), "Соколова^Вероника", "Облучение"),
    Repertoire(["ISO_IR 127"], python("iso8859-6"), "قباني^لنزار", "علاج"),
    Repertoire(["ISO_IR 126"], python("iso8859-7"), "Διονυσιος^Μαρια", "Ακτινοθεραπεία"),
    Repertoire(["ISO_IR 138"], python("iso8859-8"), "שרון^דבורה", "הקרנה"),
    Repertoire(["ISO_IR 148"], python("iso8859-9"), "Çavuşoğlu^Şükrü", "Işın tedavisi"),
    Repertoire(["ISO_IR 203"], python("iso8859-15"), "Œuvrard^Šimon", "Prix 10 €"),
    Repertoire(["ISO_IR 166"], python("tis-620"), "นามสกุล^ชื่อ", "รังสีรักษา"),
    Repertoire(["ISO_IR 13"], python("shift_jis"), "ﾔﾏﾀﾞ^ﾀﾛｳ", "ｼｮｳｼｬ"),
    Repertoire(["ISO_IR 192"], python("utf-8"), "Wang^XiaoDong=王^小東=", "放射線 Größe"),
    Repertoire(["GB18030"], python("gb18030"), "Zhang^Wei=张^伟", "放射治疗"),
    Repertoire(["GBK"], python("gbk"), "Wang^XiaoDong=王^小东", "治疗计划"),
    Repertoire(
        ["", "ISO 2022 IR 87"],
        by_component(python("iso2022_jp")),
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "放射線治療",
    ),
    Repertoire(
        ["ISO 2022 IR 13", "ISO 2022 IR 87"],
        by_component(_japanese_with_katakana),
        "ｽｽﾞｷ^ﾊﾅｺ=鈴木^花子=すずき^はなこ",
        "照射計画",
    ),
    Repertoire(
        ["", "ISO 2022 IR 87", "ISO 2022 IR 159"],
        by_component(python("iso2022_jp_1")),
        "Suga^Keiko=丂^恵子",
        "丂照射",
    ),
    Repertoire(
        ["", "ISO 2022 IR 149"],
        invoked(b"\x1b$)C", "euc_kr"),
        "Hong^Gildong=洪^吉洞=홍^길동",
        "방사선치료",
    ),
    Repertoire(["", "ISO 2022 IR 58"], invoked(b"\x1b$)A", "gb2312"), "Li^Na=李^娜", "质量控制"),
    Repertoire(["ISO 2022 IR 6", "ISO 2022 IR 100"], invoked(b"\x1b-A", "latin-1"), "Buc^Jérôme", "Contrôle"),
    Repertoire(
        ["ISO 2022 IR 100", "ISO 2022 IR 144"],
        by_component(_latin_or_cyrillic),
        "Günther^Доза",
        "Лечение",
    ),
]
UTF_8 = REPERTOIRES[12]
OTHERS = [UTF_8, REPERTOIRES[13]]
"""Sets that can write all the others' letters."""


@pytest.fixture(scope="module", autouse=True)
def latin_9() -> Iterator[None]:
    """pydicom does not know ISO_IR 203, which came in 2022."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(pydicom.charset.python_encoding, "ISO_IR 203", "iso8859_15")
        yield


@pytest.fixture(scope="module")
def there(latin_9: None) -> Iterator[Bench]:
    with bench() as found:
        for number, one in enumerate(REPERTOIRES):
            ds = workitem(PatientID=f"CS-{number}", WorklistLabel="CHARSETS")
            texts = {_NAME: one.name, _LABEL: one.label, _COMMENTS: f"{one.label}\r\n{one.label}"}
            assert found.scu.create(f"1.2.5.{number}", one.data_set(ds, texts)) == 0x0000, one.id
        yield found


def written(one: Repertoire, texts: dict[int, str], **values: Any) -> Dataset:
    return one.data_set(dataset(**values), texts)


def found(there: Bench, keys: Dataset) -> list[Dataset]:
    answers, statuses = there.scu.find(keys)
    assert statuses == [0xFF00] * len(answers) + [0x0000]
    return answers


def pairs() -> list[Any]:
    """Each repertoire asked in itself and in those that have all letters."""
    return [
        pytest.param(number, one, asked, id=f"{one.id} by {asked.id}")
        for number, one in enumerate(REPERTOIRES)
        for asked in [one, *(other for other in OTHERS if other is not one)]
    ]


@pytest.mark.parametrize(("number", "one", "asked"), pairs())
@pytest.mark.parametrize("tag", [_NAME, _LABEL], ids=["name", "label"])
def test_a_key_in_any_set_finds_it_and_the_answer_can_be_read(
    there: Bench, number: int, one: Repertoire, asked: Repertoire, tag: int
) -> None:
    key = one.name if tag == _NAME else one.label
    base = {_NAME: "PatientName", _LABEL: "ProcedureStepLabel"}
    rest: dict[str, Any] = {keyword: "" for other, keyword in base.items() if other != tag}
    keys = written(asked, {tag: key}, PatientID="", CommentsOnTheScheduledProcedureStep="", **rest)
    [answer] = found(there, keys)
    assert answer.PatientID == f"CS-{number}"
    assert str(answer.PatientName).rstrip("=") == one.name.rstrip("=")
    assert answer.ProcedureStepLabel == one.label
    assert answer.CommentsOnTheScheduledProcedureStep == f"{one.label}\r\n{one.label}"
    is_single = len(asked.terms) == 1
    assert answer.SpecificCharacterSet == (asked.terms[0] if is_single else "ISO_IR 192")


@pytest.mark.parametrize("one", [UTF_8, REPERTOIRES[15], REPERTOIRES[18]], ids=lambda one: one.id)
def test_wildcards_count_characters_and_not_bytes(there: Bench, one: Repertoire) -> None:
    keys = written(one, {_LABEL: one.label[0] + "?" * (len(one.label) - 1)}, WorklistLabel="CHARSETS")
    assert one.label in [answer.ProcedureStepLabel for answer in found(there, keys)]
    keys = written(one, {_LABEL: one.label[0] + "?" * len(one.label)}, WorklistLabel="CHARSETS")
    assert one.label not in [answer.ProcedureStepLabel for answer in found(there, keys)]


def test_a_set_that_lacks_a_letter_of_the_answer_is_not_used(there: Bench) -> None:
    keys = dataset(SpecificCharacterSet="ISO_IR 100", WorklistLabel="CHARSETS", PatientID="", PatientName="")
    answers = found(there, keys)
    assert len(answers) == len(REPERTOIRES)
    for answer in answers:
        one = REPERTOIRES[int(answer.PatientID[3:])]
        assert str(answer.PatientName).rstrip("=") == one.name.rstrip("=")
        is_latin = one.name in ("Müller^Jörg", "Buc^Jérôme")
        assert answer.SpecificCharacterSet == ("ISO_IR 100" if is_latin else "ISO_IR 192"), one.id


def test_without_a_set_in_the_request_the_answer_is_utf_8(there: Bench) -> None:
    [answer] = found(there, dataset(PatientID="CS-0", PatientName=""))
    assert (answer.SpecificCharacterSet, str(answer.PatientName)) == ("ISO_IR 192", "Müller^Jörg")
    [plain] = found(there, dataset(SpecificCharacterSet="ISO_IR 144", PatientID="CS-0"))
    assert "SpecificCharacterSet" not in plain


@pytest.mark.parametrize("other", REPERTOIRES, ids=lambda one: one.id)
def test_an_n_set_in_another_set_stays_readable_together(there: Bench, other: Repertoire) -> None:
    first = REPERTOIRES[1]
    ds = first.data_set(workitem(PatientID="BOTH"), {_NAME: first.name, _COMMENTS: first.label})
    uid = there.uid()
    assert there.scu.create(uid, ds) == 0x0000
    assert there.scu.set(uid, written(other, {_LABEL: other.label})) == 0x0000
    assert there.scu.get(uid, [0x00080005, _NAME, _LABEL, _COMMENTS]) == 0x0000
    assert str(there.scu.reply.PatientName) == first.name
    assert there.scu.reply.CommentsOnTheScheduledProcedureStep == first.label
    assert there.scu.reply.ProcedureStepLabel == other.label
    answers = found(there, written(other, {_LABEL: other.label}, SOPInstanceUID=uid, PatientName=""))
    assert [str(answer.PatientName) for answer in answers] == [first.name]


@pytest.mark.parametrize("one", REPERTOIRES, ids=lambda one: one.id)
def test_reports_carry_their_set(there: Bench, one: Repertoire) -> None:
    uid = there.in_state("IN PROGRESS")
    assert there.scu.subscribe(uid, "ALICE") == 0x0000
    asked = written(one, {_REASON: one.label}, ContactDisplayName="Desk")
    assert there.scu.request_cancel(uid, asked) == 0x0000
    there.settle()
    [report] = [told for told in there.alice.wait_for(uid, 2) if told.kind == 2]
    assert report.information.ReasonForCancellation == one.label
    assert report.information.SpecificCharacterSet == "ISO_IR 192"


@pytest.mark.parametrize("one", REPERTOIRES, ids=lambda one: one.id)
def test_a_filtered_subscription_is_written_in_any_set(there: Bench, one: Repertoire) -> None:
    base = dataset(ReceivingAE="BOB", DeletionLock="FALSE")
    assert there.scu.act(FILTERED, 3, one.data_set(base, {_LABEL: one.label}), context=WATCH) == 0x0000
    uid, other_uid = there.uid(), there.uid()
    assert there.scu.create(uid, UTF_8.data_set(workitem(), {_LABEL: one.label})) == 0x0000
    assert there.scu.create(other_uid, UTF_8.data_set(workitem(), {_LABEL: one.label + "x"})) == 0x0000
    assert there.bob.wait_for(uid, 1)
    there.settle()
    assert not there.bob.about(other_uid)
    there.forget_subscriptions()
