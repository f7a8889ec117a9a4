"""Data sets for property tests: every VR that a UPS uses, empty, several values, nested, private."""

from hypothesis import strategies as st

from upsdesk.dicom.dictionary import vr_of
from upsdesk.domain.elements import Element, Elements

# Tags by VR, so that implicit VR finds the same VR again in the dictionary.
TEXT_TAGS = {
    "AE": [0x00741234, 0x00080054],
    "AS": [0x00101010],
    "CS": [0x00741000, 0x00100040],
    "DA": [0x00100030],
    "DS": [0x00741004, 0x0040A30A],
    "DT": [0x00404005, 0x00404010],
    "IS": [0x00081160],
    "LO": [0x00100020, 0x00741204, 0x00741202],
    "LT": [0x00400400, 0x00741238],
    "PN": [0x00100010, 0x00404037],
    "SH": [0x00080100, 0x00080050],
    "ST": [0x00741006],
    "TM": [0x00402005],
    "UC": [0x00080119],
    "UI": [0x0020000D, 0x00080018],
    "UR": [0x0074100A],
    "UT": [0x0040A160],
}
NUMBER_TAGS = {
    "US": [0x001021C0],
    "SS": [0x00189219],
    "UL": [0x00041200],
    "SL": [0x00186020],
    "UV": [0x0008040C],
    "SV": [0x00720082],
    "FL": [0x00089459],
    "FD": [0x00081163],
}
SEQUENCE_TAGS = [0x00404018, 0x00404025, 0x00741002, 0x0040A370]
BINARY_TAGS = {"OB": [0x00420011], "OW": [0x00281201], "UN": [0x00991001, 0x7FE1AB10]}
_BITS = {"US": 16, "SS": 16, "UL": 32, "SL": 32, "UV": 64, "SV": 64}

for vr, tags in {**TEXT_TAGS, **NUMBER_TAGS, **BINARY_TAGS}.items():
    assert all(vr_of(tag) == vr for tag in tags), vr

_CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\\=^")
_ASCII = st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="\\=^")


def _value(vr: str) -> st.SearchStrategy[str]:
    if vr in ("LT", "ST", "UT"):
        free = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")) | st.sampled_from("\\\r\n")
        return st.text(free, max_size=40).map(lambda text: text.rstrip(" \0"))
    if vr == "PN":
        group = st.lists(st.text(_CHARACTERS, max_size=6), max_size=5).map("^".join)
        return st.lists(group, min_size=1, max_size=3).map(lambda groups: "=".join(groups).strip(" \0"))
    characters = _CHARACTERS if vr in ("LO", "SH", "UC") else _ASCII
    return st.text(characters, max_size=16).map(lambda text: text.strip(" \0"))


def _values(vr: str) -> st.SearchStrategy[tuple[str, ...]]:
    single = vr in ("LT", "ST", "UT", "UR")
    several = st.lists(_value(vr), max_size=1 if single else 3).map(tuple)
    # One empty value is the same bytes as none.
    return several.map(lambda values: () if values == ("",) else values)


def _any_of(strategies: list[st.SearchStrategy[Element]]) -> st.SearchStrategy[Element]:
    """One of several that are made once: to make them anew for each value is what takes the time."""
    return st.sampled_from(strategies).flatmap(lambda chosen: chosen)


def _texts() -> st.SearchStrategy[Element]:
    def element(vr: str, tag: int) -> st.SearchStrategy[Element]:
        return _values(vr).map(lambda values: Element(tag, vr, values))

    return _any_of([element(vr, tag) for vr, tags in TEXT_TAGS.items() for tag in tags])


def _numbers() -> st.SearchStrategy[Element]:
    def element(vr: str, tag: int) -> st.SearchStrategy[Element]:
        one: st.SearchStrategy[int | float]
        if vr in _BITS:
            lowest = -(2 ** (_BITS[vr] - 1)) if vr.startswith("S") else 0
            one = st.integers(lowest, lowest + 2 ** _BITS[vr] - 1)
        else:
            one = st.floats(width=32 if vr == "FL" else 64, allow_nan=False)
        return st.lists(one, max_size=3).map(lambda values: Element(tag, vr, tuple(values)))

    return _any_of([element(vr, tag) for vr, tags in NUMBER_TAGS.items() for tag in tags])


def _binaries() -> st.SearchStrategy[Element]:
    content = st.binary(min_size=2, max_size=12).map(lambda data: data[: len(data) // 2 * 2])

    def element(vr: str, tag: int) -> st.SearchStrategy[Element]:
        return content.map(lambda data: Element(tag, vr, raw=data))

    return _any_of([element(vr, tag) for vr, tags in BINARY_TAGS.items() for tag in tags])


def _leaves() -> st.SearchStrategy[Element]:
    return _texts() | _numbers() | _binaries()


_flat = st.lists(_leaves(), max_size=6).map(Elements)
_nested = st.recursive(
    _flat,
    lambda inner: st.builds(
        lambda leaves, tag, items: Elements([*leaves, Element(tag, "SQ", items=tuple(items))]),
        _flat,
        st.sampled_from(SEQUENCE_TAGS),
        st.lists(inner, max_size=3),
    ),
    max_leaves=4,
)
data_sets: st.SearchStrategy[Elements] = _nested
"""Canonical data sets: what `encode` writes reads back equal."""
