"""Decides how attributes are named in text: keywords or 8 hex digits, nested by `/`, and their values."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from upsdesk.dicom.codec import CHARACTER_SET_VRS, NUMBER_FORMATS, TEXT_VRS, split_values
from upsdesk.dicom.dictionary import all_keywords, keyword_of, name_of, tag_of, vr_of
from upsdesk.domain.elements import Element, Elements, Path, Value

__all__ = [
    "Step",
    "element_from_text",
    "keyword_of",
    "name_of",
    "nested",
    "parse_path",
    "parse_steps",
    "path_text",
    "placed",
    "tag_of",
    "vr_of",
]

_HEX = re.compile(r"[0-9A-Fa-f]{8}")
_PAIR = re.compile(r"\(?([0-9A-Fa-f]{4}),([0-9A-Fa-f]{4})\)?")
_STEP = re.compile(r"(?P<name>.+?)(\[(?P<item>[1-9][0-9]?)\])?")
Step = tuple[int, int]
"""A tag, and in which item of the sequence above it it stands, from 0."""


def parse_path(text: str) -> Path:
    """The path in `text`, as in `ScheduledWorkitemCodeSequence/CodeValue` or `00404018/00080100`.

    Raise ValueError naming the part that is no attribute, with a keyword that is close to it.
    """
    parts = [part.strip() for part in text.split("/")]
    path = tuple(_tag(part, text) for part in parts)
    for tag, part in zip(path[:-1], parts[:-1], strict=True):
        if vr_of(tag) not in ("SQ", "UN"):
            raise ValueError(f"{part} in {text!r} is no sequence, so nothing can stand inside it")
    return path


def _tag(part: str, text: str) -> int:
    if _HEX.fullmatch(part):
        return int(part, 16)
    if pair := _PAIR.fullmatch(part):
        return int(pair[1] + pair[2], 16)
    tag = tag_of(part)
    if tag is not None:
        return tag
    where = f" in {text!r}" if part != text else ""
    needed = "a keyword or 8 hexadecimal digits are needed"
    raise ValueError(f"{part!r}{where} is no attribute: {needed}{_hint(part)}")


def _hint(part: str) -> str:
    by_lower = {keyword.lower(): keyword for keyword in all_keywords()}
    close = difflib.get_close_matches(part.lower(), by_lower, n=1, cutoff=0.75)
    return f"; did you mean {by_lower[close[0]]}?" if close else ""


def parse_steps(text: str) -> tuple[Step, ...]:
    """As `parse_path`, where `[2]` after a sequence means its second item; raise ValueError."""
    parts = [part.strip() for part in text.split("/")]
    matches = [_STEP.fullmatch(part) for part in parts]
    names = [match["name"] if match else part for match, part in zip(matches, parts, strict=True)]
    path = parse_path("/".join(names))
    items = [int(match["item"]) - 1 if match and match["item"] else 0 for match in matches]
    if matches[-1] and matches[-1]["item"]:
        raise ValueError(f"{text!r} names an item, and nothing that stands in it")
    return tuple(zip(path, (0, *items), strict=False))


def placed(base: Elements, leaves: Iterable[tuple[tuple[Step, ...], Element]]) -> Elements:
    """`base` with each element at its place; items that it has keep what is not replaced in them.

    An empty sequence gives way to one with something in it. Raise ValueError for an item with none before it.
    """
    below: dict[int, dict[int, list[tuple[tuple[Step, ...], Element]]]] = {}
    here: list[Element] = []
    for steps, leaf in leaves:
        if len(steps) == 1:
            here.append(leaf)
        else:
            below.setdefault(steps[0][0], {}).setdefault(steps[1][1], []).append((steps[1:], leaf))
    made = base.with_elements(*here)
    for tag, by_item in below.items():
        items = list(made.items(tag))
        for number in sorted(by_item):
            if number > len(items):
                raise ValueError(f"{path_text((tag,))} has an item {number + 1}, and none before it")
            inner = placed(items[number] if number < len(items) else Elements(), by_item[number])
            items[number : number + 1] = [inner]
        made = made.with_elements(Element(tag, "SQ", items=tuple(items)))
    return made


def path_text(path: Path) -> str:
    """A path in keywords, with hex digits where there is none; `parse_path` reads it back."""
    return "/".join(keyword_of(tag) or f"{tag:08X}" for tag in path)


def element_from_text(tag: int, text: str) -> Element:
    """An element from its value as text, `\\` between several values; empty text is a zero-length element.

    Raise ValueError when the VR of the tag cannot hold it.
    """
    vr = vr_of(tag)
    name = path_text((tag,))
    if vr == "SQ":
        if text:
            raise ValueError(f"{name} is a sequence: name what stands in it, as in {name}/CodeValue")
        return Element(tag, vr, items=())
    if not text:
        return Element(tag, vr)
    if vr in TEXT_VRS:
        if vr not in CHARACTER_SET_VRS and not text.isascii():
            raise ValueError(f"{name}: {text!r} has letters that its VR {vr} does not allow")
        return Element(tag, vr, split_values(vr, text))
    if vr == "UN":
        return Element(tag, vr, raw=text.encode())
    return Element(tag, vr, tuple(_number(name, vr, part) for part in text.split("\\")))


def _number(name: str, vr: str, text: str) -> Value:
    if vr == "AT":
        return f"{_tag(text.strip(), text):08X}"
    if vr not in NUMBER_FORMATS:
        raise ValueError(f"{name} holds binary data (VR {vr}), which cannot be given as text")
    try:
        return float(text) if vr in ("FL", "FD") else int(text)
    except ValueError:
        raise ValueError(f"{name}: {text!r} is no number") from None


def nested(leaves: Iterable[tuple[Path, Element]]) -> Elements:
    """A data set with each element at its path; sequences on the way get one item.

    An empty sequence gives way to one with something in it.
    """
    here: dict[int, Element] = {}
    below: dict[int, list[tuple[Path, Element]]] = {}
    for path, element in leaves:
        if len(path) == 1:
            here[element.tag] = element
        else:
            below.setdefault(path[0], []).append((path[1:], element))
    for tag, inner in below.items():
        here[tag] = Element(tag, "SQ", items=(nested(inner),))
    return Elements(here.values())
