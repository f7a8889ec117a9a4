"""`AET[@host]:PORT`, as listen and scp take it."""

import pytest

from upsdesk.cli.addresses import parse_listen_address


@pytest.mark.parametrize(
    ("text", "host", "port", "shown"),
    [
        ("DESK:11112", "127.0.0.1", 11112, "DESK@127.0.0.1:11112"),
        ("DESK@0.0.0.0:0", "0.0.0.0", 0, "DESK@0.0.0.0:0"),
        ("DESK@[::1]:104", "::1", 104, "DESK@[::1]:104"),
    ],
)
def test_reads(text: str, host: str, port: int, shown: str) -> None:
    address = parse_listen_address(text)
    assert (address.aet, address.host, address.port) == ("DESK", host, port)
    assert address.at(port) == shown


@pytest.mark.parametrize("text", ["DESK", "DESK@host", "DESK:", ":104", "DESK@:104", "DESK:70000", "DESK:-1"])
def test_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r"(is|names) no"):
        parse_listen_address(text)
