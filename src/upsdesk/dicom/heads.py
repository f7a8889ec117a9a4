"""Decides how the heads of elements are read in the two usual transfer syntaxes (PS3.5 7.1, 7.5).

For readers that leave values encoded; codec reads every byte order.
"""

from __future__ import annotations

import struct

from upsdesk.dicom.codec import SHORT_LENGTH_VRS, TEXT_VRS
from upsdesk.dicom.dictionary import vr_of

EXPLICIT_HEAD = struct.Struct("<HH2sH")
"""Group, number, VR, and the length where the VR has a short one."""
IMPLICIT_HEAD = struct.Struct("<HHI")
"""Group, number and length; items and delimiters have it in both transfer syntaxes."""
LONG = struct.Struct("<I")
"""A length of 32 bits."""
read_explicit = EXPLICIT_HEAD.unpack_from
read_implicit = IMPLICIT_HEAD.unpack_from
read_long = LONG.unpack_from
UNDEFINED = 0xFFFFFFFF
"""The length of what ends with a delimiter."""
SHORT_VRS = frozenset(vr.encode() for vr in SHORT_LENGTH_VRS)
SHORT_TEXT_VRS = frozenset(vr.encode() for vr in SHORT_LENGTH_VRS & TEXT_VRS)


def head(data: bytes, at: int, is_implicit: bool) -> tuple[int, str, int, int]:
    """Tag, VR, where the value of the element at `at` begins, and its length; raise struct.error."""
    if is_implicit:
        group, number, length = read_implicit(data, at)
        tag = group << 16 | number
        return tag, vr_of(tag), at + 8, length
    group, number, vr, length = read_explicit(data, at)
    tag = group << 16 | number
    if vr in SHORT_VRS:
        return tag, vr.decode("ascii"), at + 8, length
    return tag, vr.decode("latin-1"), at + 12, read_long(data, at + 8)[0]
