"""vault forget, export and import at the embedded server: who can act on a held workitem afterwards."""

from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Scp
from tests.cli.running import Ran, upsdesk


def act(scp: Scp, verb: str, uid: str, *more: object) -> Ran:
    return upsdesk(verb, scp.address, "--iuid", uid, *more)


def held(*more: object) -> list[str]:
    return [line.split("\t")[0] for line in upsdesk("vault", "list", *more).out.splitlines()]


def test_a_hand_over_changes_who_can_act(scp: Scp, new_item: Callable[..., str], tmp_path: Path) -> None:
    uid, kept = new_item(), new_item()
    other, file, secret = tmp_path / "other", tmp_path / "night.upsdesk", tmp_path / "secret"
    secret.write_text("linac monday morning\nsecond line\n", encoding="utf-8")
    given, there = ("--passphrase-file", secret), ("--data-dir", other)
    for one in (uid, kept):
        assert act(scp, "claim", one).status == 0
    ran = upsdesk("vault", "export", file, uid, *given)
    assert (ran.status, ran.out) == (0, f"{uid}\n"), ran.err
    assert file.stat().st_mode & 0o077 == 0
    assert uid not in file.read_text(encoding="utf-8")
    assert held() == [kept]
    assert act(scp, "progress", uid, "--percent", "10").status == 4
    assert act(scp, "set", uid, "--set", "ProcedureStepLabel=X").status == 1  # no lock is sent any more
    assert upsdesk("vault", "export", file, uid, *given).status == 2  # the file is there
    assert upsdesk("vault", "export", tmp_path / "again", uid, *given).status == 0  # a file can be lost
    assert upsdesk("vault", "export", tmp_path / "none", "1.2.3.4", *given).status == 4
    assert upsdesk("vault", "export", tmp_path / "again", *given).status == 2
    secret.write_text("another one\n", encoding="utf-8")
    wrong = upsdesk("vault", "import", file, *given, *there)
    assert wrong.status == 2 and "passphrase" in wrong.err
    secret.write_text("linac monday morning\n", encoding="utf-8")
    taken = upsdesk("vault", "import", file, *given, *there)
    assert taken.status == 0, taken.err
    assert taken.out.split("\t")[0] == uid
    assert held(*there) == [uid]
    assert act(scp, "progress", uid, "--percent", "20", *there).status == 0
    assert upsdesk("vault", "import", file, *given, *there).status == 4  # held here already
    reason = "110513^DCM^Discontinued for unspecified reason"
    assert act(scp, "cancel", uid, "--reason-code", reason, *there).status == 0
    ended = upsdesk("vault", "import", file, *given)
    assert ended.status == 4 and "not as it was" not in ended.out
    assert held() == [kept]
    assert upsdesk("vault", "import", secret, *given).status == 2
    assert upsdesk("vault", "import", file).status == 2  # nobody can be asked


def test_a_lock_is_forgotten_when_somebody_says_so(scp: Scp, new_item: Callable[..., str]) -> None:
    uid = new_item()
    assert act(scp, "claim", uid).status == 0
    assert upsdesk("vault", "forget", "1.2.3.4.5").status == 4
    assert upsdesk("vault", "forget").status == 2
    assert upsdesk("vault", "forget", "NOBODY@127.0.0.1:9", uid).status == 4
    assert held() == [uid]
    assert upsdesk("vault", "forget", scp.address, uid).status == 0
    assert held() == []
    assert act(scp, "progress", uid, "--percent", "10").status == 4
