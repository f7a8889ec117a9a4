"""How a text of somebody else gets into a tooltip: as it is written."""

from __future__ import annotations

from html import escape

from upsdesk.domain.plain import plain_lines


def plain_tip(text: str) -> str:
    """For Qt, which takes what looks like HTML for HTML: what a peer or a person wrote stays as it is."""
    text = plain_lines(text)
    if "<" not in text and "&lt;" not in text:
        return text
    return f"<qt>{escape(text)}</qt>".replace("\n", "<br>")


def wrapped_tip(text: str) -> str:
    """The same in lines of a readable length: Qt breaks only what is HTML."""
    return f"<p>{escape(text)}</p>"
