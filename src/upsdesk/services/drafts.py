"""What was typed into an editor and not sent, as text and back, so that it survives the program."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Element, Elements

_VERSION = 1


@dataclass(frozen=True, slots=True)
class KeptForm:
    """A form as it is kept; data sets come back equal, value by value."""

    base: Elements
    """What the form started from."""
    tree: Elements
    """What became of it."""
    waiting: Mapping[str, str | Code] = field(default_factory=dict)
    """Texts of fields that are none of it yet, by field."""
    attempt: str = ""
    """UID under which it may have been created: the same one again creates nothing twice. Empty: none."""


def draft_text(form: KeptForm) -> str:
    """A form as JSON."""
    kept = {
        "version": _VERSION,
        "base": _plain(form.base),
        "tree": _plain(form.tree),
        "waiting": {
            name: [value.value, value.scheme, value.meaning] if isinstance(value, Code) else value
            for name, value in form.waiting.items()
        },
        "attempt": form.attempt,
    }
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def read_draft(text: str) -> KeptForm:
    """The form of a text of `draft_text`; raise ValueError for any other."""
    try:
        kept = json.loads(text)
        if kept["version"] != _VERSION:
            raise ValueError("it was written by another version")
        waiting = {
            str(name): Code(*map(str, value)) if isinstance(value, list) else str(value)
            for name, value in kept["waiting"].items()
        }
        attempt = str(kept.get("attempt", ""))
        return KeptForm(_elements(kept["base"]), _elements(kept["tree"]), waiting, attempt)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise ValueError(f"The draft cannot be read: {error}") from error


def _plain(elements: Elements) -> list[list[Any]]:
    """Tag, VR and one of: values, items under `items`, bytes under `raw`."""
    return [[found.tag, found.vr, _content(found)] for found in elements]


def _content(found: Element) -> list[Any] | dict[str, Any]:
    if found.items is not None:
        return {"items": [_plain(item) for item in found.items]}
    if found.raw is not None:
        return {"raw": base64.b64encode(found.raw).decode("ascii")}
    return list(found.values)


def _elements(plain: list[list[Any]]) -> Elements:
    return Elements(_element(*one) for one in plain)


def _element(tag: int, vr: str, content: Any) -> Element:
    if isinstance(content, dict):
        if "items" in content:
            return Element(tag, vr, items=tuple(_elements(item) for item in content["items"]))
        return Element(tag, vr, raw=base64.b64decode(content["raw"]))
    return Element(tag, vr, tuple(content))
