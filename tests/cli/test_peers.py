"""Which peer a word means, and what the options of the line change."""

import argparse

import pytest

from upsdesk.cli.peers import resolve, with_options
from upsdesk.domain.keys import AeTitle, PeerId
from upsdesk.domain.peer import Peer, derived_peer_id

SAVED = Peer(
    PeerId("profile-1"), AeTitle("ARC"), "pacs.example", 11112, AeTitle("UPSD_CT1"), name="Main archive"
)
TITLE = Peer(PeerId("profile-2"), AeTitle("OTHER"), "other.example", name="WORKLIST")


def test_saved_name_comes_first() -> None:
    assert resolve("Main archive", [SAVED, TITLE]) is SAVED
    assert resolve("WORKLIST", [SAVED, TITLE]) is TITLE


def test_title_alone_means_localhost_when_nothing_is_saved_under_it() -> None:
    found = resolve("WORKLIST", [SAVED])
    assert (found.called_aet, found.host, found.port) == ("WORKLIST", "localhost", 104)


def test_address_of_a_saved_server_is_that_server() -> None:
    assert resolve("ARC@PACS.example:11112", [SAVED]) is SAVED


def test_other_address_has_an_id_of_its_own_that_stays_the_same() -> None:
    found = resolve("ARC@pacs.example:104", [SAVED])
    assert (
        found.id == resolve("ARC@pacs.example", []).id == derived_peer_id(AeTitle("ARC"), "pacs.example", 104)
    )
    assert found.calling_aet == "UPSDESK"


@pytest.mark.parametrize("text", ["", "A@", "A@h:0", "A@h:x", "NAME THAT IS FAR TOO LONG", "A\\B@h"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither a saved server nor"):
        resolve(text, [SAVED])


def test_options_change_the_connection_and_keep_the_id() -> None:
    options = argparse.Namespace(
        aet=AeTitle("ME"), dimse_timeout=2.5, transfer_syntax=["implicit", "implicit"], max_pdu=0
    )
    found = with_options(SAVED, options)
    assert found.id == SAVED.id
    assert (found.calling_aet, found.max_pdu, found.transfer_syntaxes) == ("ME", 0, ("implicit",))
    assert (found.timeouts.dimse, found.timeouts.connect) == (2.5, 5.0)


def test_without_options_the_profile_decides() -> None:
    assert with_options(SAVED, argparse.Namespace()) is SAVED
