"""Decides how elements are written as XML and read from it: the Native DICOM Model (PS3.19 A.1)."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from xml.etree import ElementTree

from upsdesk.dicom.codec import NUMBER_FORMATS, TEXT_VRS
from upsdesk.dicom.dictionary import is_private, keyword_of, vr_of
from upsdesk.domain.elements import Element, Elements, Value

_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_COMPONENTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_DEEPEST = 50
# XML 1.0, production 2: what is no Char cannot stand in a document, not even escaped.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_xml(data_sets: Sequence[Elements]) -> str:
    """A document with these data sets.

    One data set is the root `NativeDicomModel`; for none or several the Standard has no common root, so they
    stand in one named `NativeDicomModels`.
    """
    models = [_model(elements) for elements in data_sets]
    if len(models) == 1:
        root = models[0]
    else:
        root = ElementTree.Element("NativeDicomModels")
        root.extend(models)
    ElementTree.indent(root)
    # A reader would take a bare carriage return of a text for the end of a line, and drop it.
    text = ElementTree.tostring(root, encoding="unicode").replace("\r", "&#13;")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'


def _model(elements: Elements) -> ElementTree.Element:
    model = ElementTree.Element("NativeDicomModel", {"xml:space": "preserve"})
    _fill(model, elements)
    return model


def _fill(parent: ElementTree.Element, elements: Elements) -> None:
    for element in elements:
        parent.append(_attribute(element, elements))


def _attribute(element: Element, around: Elements) -> ElementTree.Element:
    found = ElementTree.Element("DicomAttribute", {"tag": f"{element.tag:08X}", "vr": element.vr})
    if keyword := keyword_of(element.tag):
        found.set("keyword", keyword)
    if is_private(element.tag) and element.tag & 0xFFFF > 0xFF:
        creator = around.text(element.tag & 0xFFFF0000 | (element.tag & 0xFF00) >> 8)
        if creator:
            # The block that the creator was given in this data set means nothing elsewhere: DCMTK and dcm4che
            # write 00 for it too.
            found.set("tag", f"{element.tag & 0xFFFF00FF:08X}")
            found.set("privateCreator", _clean(creator))
    for number, item in enumerate(element.items or (), start=1):
        _fill(_numbered(found, "Item", number), item)
    for number, value in enumerate(element.values, start=1):
        if element.vr == "PN":
            _fill_name(_numbered(found, "PersonName", number), str(value))
        else:
            _numbered(found, "Value", number).text = _text(value)
    if element.raw:
        ElementTree.SubElement(found, "InlineBinary").text = base64.b64encode(element.raw).decode("ascii")
    return found


def _numbered(parent: ElementTree.Element, name: str, number: int) -> ElementTree.Element:
    return ElementTree.SubElement(parent, name, {"number": str(number)})


def _fill_name(parent: ElementTree.Element, name: str) -> None:
    for group, text in zip(_GROUPS, name.split("="), strict=False):
        if not text:
            continue
        holder = ElementTree.SubElement(parent, group)
        for component, part in zip(_COMPONENTS, text.split("^"), strict=False):
            if part:
                ElementTree.SubElement(holder, component).text = _clean(part)


def _text(value: Value) -> str:
    return _clean(value) if isinstance(value, str) else repr(value)


def _clean(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def from_xml(data: bytes) -> tuple[Elements, ...]:
    """The data sets of a document: one `NativeDicomModel`, or several in a common root.

    Raise ValueError naming what cannot be read. A document type is refused: its entities could grow without
    bound, and the Native DICOM Model has none.
    """
    parser = ElementTree.XMLParser(target=_Builder())
    try:
        parser.feed(data)
        root: ElementTree.Element = parser.close()
    except ElementTree.ParseError as error:
        raise ValueError(f"this is no XML that can be read: {error}") from None
    models = [root] if _name(root) == "NativeDicomModel" else list(root)
    if not models or any(_name(model) != "NativeDicomModel" for model in models):
        raise ValueError("this XML is no Native DICOM Model")
    return tuple(_elements(model, 0) for model in models)


class _Builder(ElementTree.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise ValueError("an XML file with a document type is not read")


def _name(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2]


def _elements(model: ElementTree.Element, depth: int) -> Elements:
    if depth > _DEEPEST:
        raise ValueError("sequences are nested deeper than in any workitem")
    return Elements(_read_attribute(node, depth) for node in model if _name(node) == "DicomAttribute")


def _read_attribute(node: ElementTree.Element, depth: int) -> Element:
    text = node.get("tag", "")
    if not re.fullmatch("[0-9A-Fa-f]{8}", text):
        raise ValueError(f"{text!r} is no tag of 8 hexadecimal digits")
    if node.get("privateCreator"):
        raise ValueError(f"{text}: private attributes are not read from XML; use a DICOM file or DICOM JSON")
    tag, name = int(text, 16), node.get("keyword") or text
    vr = node.get("vr") or vr_of(tag)
    children = [child for child in node if _name(child) in ("Item", "Value", "PersonName", "InlineBinary")]
    children.sort(key=lambda child: int(child.get("number") or "1"))
    if vr == "SQ":
        return Element(tag, vr, items=tuple(_elements(child, depth + 1) for child in children))
    if children and _name(children[0]) == "InlineBinary":
        try:
            return Element(tag, vr, raw=base64.b64decode("".join(children[0].itertext()), validate=False))
        except ValueError:
            raise ValueError(f"{name}: InlineBinary is no base64 text") from None
    if vr == "PN":
        return Element(tag, vr, tuple(_read_name(child) for child in children))
    if vr in NUMBER_FORMATS:
        return Element(tag, vr, tuple(_read_number(name, vr, child.text or "") for child in children))
    if children and vr not in TEXT_VRS and vr != "AT":
        raise ValueError(f"{name}: VR {vr} is written as InlineBinary")
    return Element(tag, vr, tuple(child.text or "" for child in children))


def _read_name(node: ElementTree.Element) -> str:
    groups = {_name(group): group for group in node}
    found = []
    for group in _GROUPS:
        parts = {_name(part): part.text or "" for part in groups.get(group, ())}
        found.append("^".join(parts.get(component, "") for component in _COMPONENTS).rstrip("^"))
    return "=".join(found).rstrip("=")


def _read_number(name: str, vr: str, text: str) -> Value:
    try:
        return float(text) if vr in ("FL", "FD") else int(text)
    except ValueError:
        raise ValueError(f"{name}: {text!r} is no number") from None
