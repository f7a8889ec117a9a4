"""docs/conformance.md: attributes, keys and the contents of reports are as it claims, seen from outside."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from pydicom.config import IGNORE
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from tests.support import raw_scu
from tests.support.plain_scu import GLOBAL, PUSH, Told, code, dataset, discontinued, workitem
from tests.support.running_scp import AET, Bench, bench
from tests.support.statement import paths, rows, tag_of
from upsdesk.domain import attributes
from upsdesk.domain.attributes import element
from upsdesk.domain.conditions import macro_of
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.validation import Kind, check_create, check_set

Path = tuple[int, ...]
ATTRIBUTES = paths("4.4-4")
KEYS = paths("4.4-12")
SETS = {tag_of(row): row["Values that are accepted"].split(", ") for row in rows("4.4-8")}
TOP = [path for path in ATTRIBUTES if len(path) == 1]
CHARACTER_SET, SOP_INSTANCE_UID, STATE = 0x00080005, 0x00080018, 0x00741000
SAMPLES = {
    "DA": "20260102",
    "DS": "50",
    "DT": "20260102030405+0000",
    "PN": "Alpha^Beta",
    "TM": "030405",
    "UI": "1.2.3",
    "UR": "http://a",
    "US": 1,
}
TUID = "1.9.1"


@pytest.fixture(scope="module")
def there() -> Iterator[Bench]:
    with bench() as found:
        yield found


def named(path: Path) -> str:
    return ATTRIBUTES[path]["Attribute"]


def sample(path: Path) -> Any:
    """A value that the attribute may have; a sequence gets an item without anything."""
    vr = ATTRIBUTES[path]["VR"]
    if vr == "SQ":
        return [Dataset()]
    if path == (CHARACTER_SET,):
        return "ISO_IR 192"
    if path == (STATE,):
        return "SCHEDULED"
    if vr == "CS" and path[-1] in SETS:
        return SETS[path[-1]][0]
    return SAMPLES.get(vr, "ALPHA")


def put(ds: Dataset, path: Path, value: Any) -> Dataset:
    """`ds` with an attribute, which pydicom need not know."""
    ds.add(DataElement(path[-1], ATTRIBUTES[path]["VR"], value, validation_mode=IGNORE))
    return ds


def empty(path: Path) -> Any:
    return [] if ATTRIBUTES[path]["VR"] == "SQ" else ""


# Table 4.4-4


def test_the_table_has_every_attribute_but_those_of_groups() -> None:
    known = attributes.by_path()
    assert set(ATTRIBUTES) <= set(known)
    in_groups = {
        path for path, row in ATTRIBUTES.items() if row["Items"].split(", ")[-1] not in ("", "as below")
    }
    left_out = set(known) - set(ATTRIBUTES)
    assert all(any(path[: len(one)] == one for one in in_groups) for path in left_out)


@pytest.mark.parametrize("path", TOP, ids=named)
def test_n_create(there: Bench, path: Path) -> None:
    usage = ATTRIBUTES[path]["N-CREATE"]

    def created(value: Any = None) -> int:
        ds = workitem()
        if path[0] in ds:
            del ds[path[0]]
        return there.scu.create(there.uid(), ds if value is None else put(ds, path, value))

    done = (0x0000, 0xB300)
    assert (created() == 0x0120) == (usage in ("1", "2", "2, empty"))
    if usage == "never":
        assert (created(sample(path)), created(empty(path))) == (0x0105, 0x0105)
    elif usage == "2, empty":
        assert (created(sample(path)), created(empty(path)) in done) == (0x0105, True)
    elif usage == "SCP":
        assert created(sample(path)) == 0xB300
    else:
        assert (created(empty(path)) == 0x0121) == (usage == "1")
        assert usage == "1" or created(empty(path)) in done
        assert ATTRIBUTES[path]["VR"] == "SQ" or created(sample(path)) in done


@pytest.mark.parametrize("path", TOP, ids=named)
def test_n_set(there: Bench, path: Path) -> None:
    usage = ATTRIBUTES[path]["N-SET"]
    uid = there.created()

    def changed(value: Any) -> int:
        return there.scu.set(uid, put(dataset(CommentsOnTheScheduledProcedureStep="New"), path, value))

    done = (0x0000, 0xB305)
    if usage == "never":
        assert (changed(sample(path)), changed(empty(path))) == (0x0105, 0x0105)
    elif usage == "lock":
        assert changed(sample(path)) == 0xC310
    elif usage == "SCP":
        assert changed(sample(path)) == 0xB305
    else:
        assert (changed(empty(path)) == 0x0121) == (usage == "3, value")
        assert usage == "3, value" or changed(empty(path)) in done
        assert ATTRIBUTES[path]["VR"] == "SQ" or changed(sample(path)) in done


def test_n_get(there: Bench) -> None:
    uid = there.created()
    for path in TOP:
        status = there.scu.get(uid, [path[0]])
        if ATTRIBUTES[path]["N-GET"] == "yes":
            assert (status, path[0] in there.scu.reply) == (0x0000, True), named(path)
        else:
            assert (status, there.listed()) == (0x0107, [path[0]]), named(path)
            assert there.scu.reply is None or path[0] not in there.scu.reply
    whole = there.read(uid)
    assert not [named(path) for path in TOP if ATTRIBUTES[path]["N-GET"] == "never" and path[0] in whole]


def test_attributes_within_sequences() -> None:
    """What the SCP's own check says of each of them; the wire adds nothing to that."""
    checks = {"N-CREATE": check_create, "N-SET": check_set}
    for path, row in ATTRIBUTES.items():
        for service, check in checks.items():
            if len(path) == 1 or _is_out_of_reach(path, service):
                continue
            absent = {one.kind for one in check(_nested(path, None)) if one.path == path}
            given = {one.kind for one in check(_nested(path, element(path[-1]))) if one.path == path}
            assert (Kind.MISSING in absent) == (row[service] in ("1", "2")), (row, service)
            assert (Kind.EMPTY in given) == (row[service] == "1"), (row, service)
            assert (Kind.FORBIDDEN in given) == (row[service] == "never"), (row, service)


def test_attributes_of_groups() -> None:
    """As above, wherever a group stands; types 1C and 2C depend on more than one attribute."""
    known = attributes.by_path()
    lines = {(row["Group"], tag_of(row)): row for row in rows("4.4-5")}
    seen = set()
    for path in known.keys() - ATTRIBUTES.keys():
        group = _group_of(path)
        if (group, path[-1]) not in lines:
            assert known[path].keyword == "ContentItemModifierSequence", path  # of one sequence alone
            continue
        for service, check in (("N-CREATE", check_create), ("N-SET", check_set)):
            usage = lines[group, path[-1]][service]
            if usage not in ("1", "2", "3") or _is_refused_around(path, service):
                continue
            seen.add((group, path[-1], service))
            absent = {one.kind for one in check(_nested(path, None)) if one.path == path}
            given = {one.kind for one in check(_nested(path, element(path[-1]))) if one.path == path}
            assert (Kind.MISSING in absent, Kind.EMPTY in given) == (usage in ("1", "2"), usage == "1"), path
            assert Kind.FORBIDDEN not in given
    services = ("N-CREATE", "N-SET")
    told = {(*key, one) for key, row in lines.items() for one in services if row[one] in ("1", "2", "3")}
    assert seen == told


def _group_of(path: Path) -> str:
    """The nearest group of attributes that it is part of."""
    for length in range(len(path) - 1, 0, -1):
        inner = [one[-1] for one in attributes.by_path() if one[:-1] == path[:length]]
        if (macro := macro_of(inner)) is not None:
            return macro.value
    raise AssertionError(path)


def _is_refused_around(path: Path, service: str) -> bool:
    around = [attributes.by_path()[path[:length]] for length in range(1, len(path))]
    usages = [one.ncreate if service == "N-CREATE" else one.nset for one in around]
    return any(usage.startswith("NA") or usage.endswith("empty)") for usage in usages)


def _is_out_of_reach(path: Path, service: str) -> bool:
    """A sequence around it must not be sent, or must be empty."""
    around = (path[:length] for length in range(1, len(path)))
    return any(ATTRIBUTES[one][service] in ("never", "2, empty") for one in around)


def _nested(path: Path, leaf: Element | None) -> Elements:
    inner = Elements([leaf] if leaf is not None else [])
    for tag in reversed(path[:-1]):
        inner = Elements([Element(tag, "SQ", items=(inner,))])
    return inner


# Table 4.4-12


def key(path: Path, value: Any) -> Dataset:
    """A matching key, in the items of the sequences around it."""
    inner = put(Dataset(), path, value)
    for tag in reversed(path[:-1]):
        outer = Dataset()
        outer.add(DataElement(tag, "SQ", [inner]))
        inner = outer
    return inner


@pytest.mark.parametrize("path", KEYS, ids=named)
def test_which_keys_are_matched_on(there: Bench, path: Path) -> None:
    row = KEYS[path]
    value = sample(path)
    if ATTRIBUTES[path]["VR"] == "SQ":
        if ATTRIBUTES[path]["Items"] != "code":
            return  # its attributes have lines of their own, or are those of another group
        value = [dataset(CodeValue="NONE")]
    elif row["Matching"] == "single value":
        value = SETS[path[-1]][0]  # CANCELED, HIGH, INCOMPLETE
    elif ATTRIBUTES[path]["VR"] == "UI":
        value = "1.2.3.999999"
    elif ATTRIBUTES[path]["VR"] in ("DA", "DT"):
        value = "19000101"
    keys = key(path, value)
    if path != (SOP_INSTANCE_UID,):
        keys.SOPInstanceUID = there.created()
    statuses = there.scu.find(keys)[1]
    assert statuses == ([0xFF01, 0x0000] if row["Matching"] == "ignored, FF01" else [0x0000])


WRITABLE = [
    path
    for path in TOP
    if KEYS.get(path, {"Matching": "ignored"})["Matching"][:6] in ("single", "name")
    and ATTRIBUTES[path]["N-CREATE"] not in ("never", "SCP")
]


@pytest.mark.parametrize("path", WRITABLE, ids=named)
def test_how_keys_are_matched(there: Bench, path: Path) -> None:
    matching, value = KEYS[path]["Matching"], sample(path)
    uid = there.uid()
    assert there.scu.create(uid, put(workitem(), path, value)) == 0x0000

    def finds(text: Any) -> bool:
        keys = put(dataset(SOPInstanceUID=uid), path, text)
        return there.scu.find(keys)[1] == [0xFF00, 0x0000]

    assert finds(value)
    if matching == "single value":
        assert not finds(f"{value[:2]}*")
    elif matching == "single value, wild card":
        short = str(value)[:-1]
        assert finds(f"{short}*")
        assert finds(f"{short}?")
        assert not finds(str(value).lower())
    elif matching == "name":
        assert finds("alph*")
    elif matching == "single value, range":
        assert finds("20260101-20260103")
        assert not finds("20260103-")
    elif matching == "single value, list of UIDs":
        assert finds(["1.2.999", value])
    else:
        assert matching == "single value, as a number"


def test_whatever_is_asked_for_comes_back(there: Bench) -> None:
    uid = there.created()
    for path, row in KEYS.items():
        if len(path) == 1 and path != (SOP_INSTANCE_UID,):
            [found], _ = there.scu.find(put(dataset(SOPInstanceUID=uid), path, empty(path)))
            assert (path[0] in found) == (row["Return type"] != "never returned"), named(path)


# Table 4.4-13


def test_the_contents_of_reports() -> None:
    with bench() as there:
        assert there.scu.subscribe(GLOBAL, "ALICE") == 0x0000
        _cause_every_report(there)
        there.settle()
    seen: dict[str, list[set[int]]] = defaultdict(list)
    for told in there.alice.told:
        seen[str(told.kind)].append(_tags(told))
        assert told.sop_class == PUSH
    claimed: dict[str, dict[int, str]] = defaultdict(dict)
    for row in rows("4.4-13"):
        claimed[row["Type"]][tag_of(row)] = row["Sent"]
    assert set(seen) == set(claimed)
    for kind, contents in claimed.items():
        always = {tag for tag, sent in contents.items() if sent == "always"}
        assert all(always <= tags <= set(contents) for tags in seen[kind]), kind
        assert set().union(*seen[kind]) == set(contents), kind
        assert set.intersection(*seen[kind]) == always, kind


def _tags(told: Told) -> set[int]:
    return {int(one.tag) for one in told.information} - {CHARACTER_SET}


def _cause_every_report(there: Bench) -> None:
    """Each report with little and with much in it; GOING DOWN comes at the end of the bench."""
    person = dataset(
        HumanPerformerCodeSequence=[code("P1", "99LOC", "One")],
        HumanPerformerName="One^Person",
        HumanPerformerOrganization="House",
    )
    station = [code("FX1", "99LOC", "FX1")]
    there.created(ScheduledStationNameCodeSequence=station)
    uid = there.created(ScheduledHumanPerformersSequence=[person])
    assert there.scu.change_state(uid, "IN PROGRESS", TUID) == 0x0000
    assert there.scu.request_cancel(uid) == 0x0000
    reason = {
        "ReasonForCancellation": "Because",
        "ProcedureStepDiscontinuationReasonCodeSequence": [code("110513", "DCM", "Unspecified")],
    }
    contact = {"ContactURI": "tel:+1", "ContactDisplayName": "Ward"}
    assert there.scu.request_cancel(uid, dataset(**reason, **contact)) == 0x0000
    progress = dataset(ProcedureStepProgressInformationSequence=[dataset(ProcedureStepProgress="10")])
    assert there.scu.set(uid, progress, TUID) == 0x0000
    final = discontinued()
    final.ProcedureStepProgressInformationSequence[0].update(dataset(**reason))
    assert there.scu.set(uid, final, TUID) == 0x0000
    assert there.scu.change_state(uid, "CANCELED", TUID) == 0x0000


# Table 6-1

LETTERS = {
    "ISO_IR 6": ("e", "ascii"),
    "ISO_IR 100": ("é", "latin-1"),
    "ISO_IR 101": ("ł", "iso8859-2"),
    "ISO_IR 109": ("ħ", "iso8859-3"),
    "ISO_IR 110": ("ķ", "iso8859-4"),
    "ISO_IR 144": ("Ж", "iso8859-5"),
    "ISO_IR 127": ("ع", "iso8859-6"),
    "ISO_IR 126": ("Ω", "iso8859-7"),
    "ISO_IR 138": ("ש", "iso8859-8"),
    "ISO_IR 148": ("ğ", "iso8859-9"),
    "ISO_IR 203": ("€", "iso8859-15"),
    "ISO_IR 13": ("ｱ", "shift_jis"),
    "ISO_IR 166": ("ก", "tis-620"),
    "ISO_IR 192": ("語", "utf-8"),
    "GB18030": ("语", "gb18030"),
    "GBK": ("语", "gbk"),
}
UTF_8 = "ISO_IR 192"


@pytest.mark.parametrize("row", rows("6-1"), ids=lambda row: row["Defined Term of (0008,0005)"])
def test_which_character_set_a_search_is_answered_in(there: Bench, row: dict[str, str]) -> None:
    """By bytes, since pydicom does not know all of the terms."""
    term = row["Defined Term of (0008,0005)"]
    letter, codec = LETTERS[term] if row["Written"] != "no" else ("é", "utf-8")
    uid = there.created(PatientName=f"{letter}^A")
    keys = ((CHARACTER_SET, term), (SOP_INSTANCE_UID, uid), (0x00100010, ""))
    identifier = b"".join(raw_scu.element(tag, _padded(text)) for tag, text in keys)
    asked = raw_scu.command(raw_scu.C_FIND, 9, raw_scu.PULL, has_data=True)
    with raw_scu.associated(there.port, AET) as scu:
        scu.send(raw_scu.message(3, asked, identifier))
        _, found = scu.read_message()
        assert scu.status() == 0x0000
    name = f"{letter}^A".encode(codec)
    assert raw_scu.element(0x00100010, name + b" " * (len(name) % 2)) in found
    used = term if row["Written"] != "no" else UTF_8
    is_told = raw_scu.element(CHARACTER_SET, _padded(used)) in found
    assert is_told == (not letter.isascii())


def _padded(text: str) -> bytes:
    return f"{text}{' ' * (len(text) % 2)}".encode()
