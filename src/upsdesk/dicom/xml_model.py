"""Decides how elements are written as XML: the Native DICOM Model (PS3.19 A.1)."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from xml.etree import ElementTree

from upsdesk.dicom.dictionary import is_private, keyword_of
from upsdesk.domain.elements import Element, Elements, Value

_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_COMPONENTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
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
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode")


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
