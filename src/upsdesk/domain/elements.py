"""A data set as an immutable value: elements by tag, nested items, differences between two."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Found = TypeVar("Found")
Value = str | int | float
Path = tuple[int, ...]
"""Tags from the top level down; between two tags stands the first item of the sequence."""


@dataclass(frozen=True, slots=True, repr=False)
class Element:
    """One data element.

    `values` holds text as str (DS and IS too, so that no digit is lost), binary numbers as int or float;
    an empty tuple is a zero-length element. `items` is set for SQ, `raw` for bytes that are kept as they are.
    """

    tag: int
    vr: str
    values: tuple[Value, ...] = ()
    items: tuple[Elements, ...] | None = None
    raw: bytes | None = None

    def __post_init__(self) -> None:
        held = (bool(self.values), self.items is not None, self.raw is not None)
        if (self.vr == "SQ") != (self.items is not None) or sum(held) > 1:
            raise ValueError(
                f"element {self.tag:08X}: an element holds values, items or raw bytes, and only one of them"
            )

    def __repr__(self) -> str:
        # Values stay out: an element in a traceback must not carry patient data into a log.
        return f"Element({self.tag:08X} {self.vr})"

    @property
    def is_empty(self) -> bool:
        """Zero-length: no value, no item, no byte."""
        return not self.values and not self.items and not self.raw

    @property
    def text(self) -> str:
        """The values as DICOM writes them, joined by backslashes; empty for sequences and raw bytes."""
        return "\\".join(str(value) for value in self.values)


class Remembered(Generic[Found]):
    """What was read of an element, for the next time that the very same object comes.

    Rows of a worklist have most of their codes in common, and share the decoded elements then.
    """

    def __init__(self, read: Callable[[Element], Found], most: int = 4096) -> None:
        self._read = read
        self._most = most
        self._known: dict[int, tuple[Element, Found]] = {}

    def __call__(self, element: Element) -> Found:
        known = self._known.get(id(element))
        if known is not None:  # the element is kept here, so no other can have its identity
            return known[1]
        found = self._read(element)
        if len(self._known) >= self._most:
            self._known.clear()
        self._known[id(element)] = element, found
        return found


class Elements:
    """An immutable data set in tag order. Equal when all elements are equal."""

    __slots__ = ("_by_tag", "_hash")

    def __init__(self, elements: Iterable[Element] = ()) -> None:
        by_tag = {element.tag: element for element in elements}
        self._by_tag = {tag: by_tag[tag] for tag in sorted(by_tag)}
        self._hash: int | None = None

    def __iter__(self) -> Iterator[Element]:
        return iter(self._by_tag.values())

    def __len__(self) -> int:
        return len(self._by_tag)

    def __contains__(self, tag: int) -> bool:
        return tag in self._by_tag

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Elements) and self._by_tag == other._by_tag

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(tuple(self._by_tag.values()))
        return self._hash

    def __repr__(self) -> str:
        return f"Elements({', '.join(f'{tag:08X}' for tag in self._by_tag)})"

    @property
    def tags(self) -> frozenset[int]:
        return frozenset(self._by_tag)

    def get(self, *path: int) -> Element | None:
        """The element at `path`, going through first items; None when anything on the way is absent."""
        here: Elements | None = self
        for tag in path[:-1]:
            step = here._by_tag.get(tag) if here is not None else None
            here = step.items[0] if step is not None and step.items else None
        return here._by_tag.get(path[-1]) if here is not None else None

    def items(self, *path: int) -> tuple[Elements, ...]:
        """The items of the sequence at `path`; empty when absent."""
        element = self.get(*path)
        return (element.items or ()) if element is not None else ()

    def first(self, tag: int) -> str | None:
        """The first value of a top-level element as text, without padding; None when it is absent."""
        element = self.get(tag)
        if element is None:
            return None
        return str(element.values[0]).strip(" \0") if element.values else ""

    def text(self, *path: int) -> str:
        """The first value at `path` as text, without padding; empty when absent."""
        element = self.get(*path)
        if element is None or not element.values:
            return ""
        return str(element.values[0]).strip(" \0")

    def texts(self, *path: int) -> tuple[str, ...]:
        """All values at `path` as text, without padding."""
        element = self.get(*path)
        return tuple(str(value).strip(" \0") for value in element.values) if element is not None else ()

    def with_elements(self, *elements: Element) -> Elements:
        """A copy with these elements added or replaced."""
        return Elements([*self, *elements])

    def without(self, *tags: int) -> Elements:
        """A copy without these top-level tags."""
        return Elements(element for element in self if element.tag not in tags)

    def only(self, tags: Iterable[int]) -> Elements:
        """A copy with no other top-level tags than these."""
        wanted = set(tags)
        return Elements(element for element in self if element.tag in wanted)

    def changes_to(self, other: Elements) -> Elements:
        """What an N-SET must send to turn this into `other`: whole top-level elements (PS3.4 CC.2.6.2).

        An element that `other` lacks is sent empty, since N-SET cannot remove one.
        """
        changed = [element for element in other if self._by_tag.get(element.tag) != element]
        gone = [
            Element(old.tag, old.vr, items=() if old.vr == "SQ" else None)
            for old in self
            if old.tag not in other and not old.is_empty
        ]
        return Elements([*changed, *gone])
