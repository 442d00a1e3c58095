"""Secrets: where they go on each kind of machine, what survives, and that no value is ever shown."""

from __future__ import annotations

import io
import json
import logging
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from garret.base import log
from garret.base.paths import Home
from garret.control.secrets import store as secrets
from garret.control.secrets.keychain import Keychain
from garret.control.secrets.passphrases import PassphraseSource, Purpose
from garret.control.secrets.redaction import forms
from garret.control.secrets.store import (
    SealDamaged,
    SecretsError,
    SecretsLocked,
    SecretStore,
    SecretsUnavailable,
    WrongPassphrase,
    passphrase_file,
)

RING = '''
import json, os, threading
from keyring.backend import KeyringBackend

class Ring(KeyringBackend):
    """A keychain in a file, which can hang or forget."""
    priority = 1
    def _all(self):
        path = os.environ["RING_FILE"]
        return json.load(open(path)) if os.path.exists(path) else {}
    def _keep(self, entries):
        json.dump(entries, open(os.environ["RING_FILE"], "w"))
    def get_password(self, service, name):
        if os.environ.get("RING_MODE") == "hang":
            threading.Event().wait()
        return self._all().get(service + "/" + name)
    def set_password(self, service, name, value):
        if os.environ.get("RING_MODE") == "refuse":
            raise RuntimeError("cannot keep " + value)
        self._keep(self._all() | {service + "/" + name: value})
    def delete_password(self, service, name):
        entries = self._all()
        entries.pop(service + "/" + name, None)
        self._keep(entries)
'''


def ring(tmp_path: Path, mode: str = "", seconds: float = 20.0) -> Keychain:
    (tmp_path / "ring_for_tests.py").write_text(RING)
    environment = dict(os.environ) | {
        "PYTHONPATH": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "ring_for_tests.Ring",
        "RING_FILE": str(tmp_path / "ring.json"),
        "RING_MODE": mode,
    }
    return Keychain(environment=environment, probe_seconds=seconds)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    return made


def says(*answers: str | None) -> PassphraseSource:
    left = list(answers)

    def ask(purpose: Purpose) -> str | None:
        return left.pop(0) if left else None

    return ask


# --- a machine without a keychain and without anybody to ask


def test_a_fresh_machine_with_nobody_to_ask_works_and_says_what_that_means(home: Home) -> None:
    store = SecretStore.open(home)
    store.set("speak.key", "sk-planted-alpha")
    again = SecretStore.open(home)
    assert again.get_text("speak.key") == "sk-planted-alpha"
    health = again.health()
    assert (health.where, health.protected) == ("unlock-file", False)
    assert "anyone who can read your home folder can open it" in health.sentence
    assert "garret secrets seal" in health.remedy
    for name in ("keys.sealed", "keys.unlock"):
        assert stat.S_IMODE((home.root / name).stat().st_mode) == 0o600


def test_sealing_later_keeps_the_secrets_and_ends_the_unlock_file(home: Home) -> None:
    store = SecretStore.open(home)
    store.set("speak.key", "sk-planted-alpha")
    before = (home.root / "keys.unlock").read_text()
    store.reseal("correct horse battery")
    assert not (home.root / "keys.unlock").exists()
    assert store.health().protected
    store.set("speak.other", "after sealing")
    with pytest.raises(SecretsLocked, match="nobody is there"):
        SecretStore.open(home)
    (home.root / "keys.unlock").write_text(before)  # what a crash in the middle leaves behind
    again = SecretStore.open(home, ask=says("correct horse battery"))
    assert again.list() == ["speak.key", "speak.other"]
    assert not (home.root / "keys.unlock").exists()


def test_a_missing_or_damaged_unlock_file_is_said_and_nothing_is_made_anew(home: Home) -> None:
    SecretStore.open(home).set("a.b", "planted-one")
    sealed = home.key_file.read_bytes()
    unlock = home.root / "keys.unlock"
    unlock.write_text("zz")
    with pytest.raises(SealDamaged, match="backup"):
        SecretStore.open(home)
    unlock.unlink()
    with pytest.raises(SecretsLocked, match="kept unchanged"):
        SecretStore.open(home)
    assert home.key_file.read_bytes() == sealed


def test_an_unlock_file_that_others_can_read_is_closed(home: Home) -> None:
    SecretStore.open(home)
    unlock = home.root / "keys.unlock"
    unlock.chmod(0o644)
    SecretStore.open(home)
    assert stat.S_IMODE(unlock.stat().st_mode) == 0o600


# --- a passphrase


def test_a_passphrase_is_asked_for_thrice_and_then_refused(home: Home) -> None:
    SecretStore.open(home, ask=says("correct horse")).set("a.b", "planted-one")
    assert SecretStore.open(home, ask=says("no", "nor this", "correct horse")).get("a.b") == b"planted-one"
    sealed = home.key_file.read_bytes()
    with pytest.raises(WrongPassphrase, match="kept unchanged"):
        SecretStore.open(home, ask=says("no", "nor this", "nor that", "correct horse"))
    assert home.key_file.read_bytes() == sealed
    assert not (home.root / "keys.unlock").exists()


def test_a_passphrase_file_gives_its_first_line(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "passphrase"
    path.write_text("correct horse battery\nignored\n")
    SecretStore.open(home, ask=passphrase_file(path))
    assert SecretStore.open(home, ask=says("correct horse battery")).health().where == "passphrase"
    path.write_text("wrong\n")
    with pytest.raises(WrongPassphrase):
        SecretStore.open(home, ask=passphrase_file(path))
    path.write_text("\n")
    with pytest.raises(SecretsLocked, match="empty"):
        SecretStore.open(home, ask=passphrase_file(path))
    with pytest.raises(SecretsLocked, match="cannot be read"):
        SecretStore.open(home, ask=passphrase_file(tmp_path / "absent"))


def test_a_short_passphrase_is_refused_and_nothing_is_made(home: Home) -> None:
    with pytest.raises(SecretsError, match="at least 8"):
        SecretStore.open(home, ask=says("short"))
    assert not home.key_file.exists()


# --- a keychain


def test_a_working_keychain_is_used_and_remembered(home: Home, tmp_path: Path) -> None:
    store = SecretStore.open(home, keychain=ring(tmp_path))
    assert store.health().where == "keychain"
    assert "Ring" in store.health().backend
    key = store.ensure_key("storage.database")
    store.set("speak.key", "sk-planted-alpha")
    assert not home.key_file.exists()
    entries = json.loads((tmp_path / "ring.json").read_text())
    assert len(entries) == 2  # the probe left nothing behind
    assert "planted" not in (home.root / "keys.where").read_text()
    again = SecretStore.open(home, keychain=ring(tmp_path))
    assert again.get("storage.database") == key
    assert again.delete("speak.key")
    assert SecretStore.open(home, keychain=ring(tmp_path)).list() == ["storage.database"]
    with pytest.raises(SecretsError, match="no file to seal"):
        again.reseal("correct horse battery")


def test_a_chosen_keychain_that_fails_is_an_error_and_never_a_new_beginning(
    home: Home, tmp_path: Path
) -> None:
    SecretStore.open(home, keychain=ring(tmp_path)).ensure_key("storage.database")
    broken = Keychain(
        environment=dict(os.environ) | {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    )
    with pytest.raises(SecretsUnavailable, match="Nothing was changed"):
        SecretStore.open(home, keychain=broken)
    assert not home.key_file.exists()


@pytest.mark.parametrize("backend", ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring"])
def test_a_keychain_that_keeps_nothing_is_not_used(home: Home, backend: str) -> None:
    keychain = Keychain(environment=dict(os.environ) | {"PYTHON_KEYRING_BACKEND": backend})
    assert not keychain.probe("garret-test").usable
    assert SecretStore.open(home, keychain=keychain).health().where == "unlock-file"


def test_a_keychain_that_hangs_is_given_up(home: Home, tmp_path: Path) -> None:
    probe = ring(tmp_path, "hang", seconds=1.0).probe("garret-test")
    assert not probe.usable
    assert "did not answer" in probe.reason


def test_a_machine_without_a_session_is_not_even_probed(tmp_path: Path) -> None:
    assert not Keychain(environment={"HOME": str(tmp_path)}).looks_possible()
    assert Keychain(environment={"HOME": "/", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/x"}).looks_possible()
    (tmp_path / "bus").touch()
    assert Keychain(environment={"HOME": "/", "XDG_RUNTIME_DIR": str(tmp_path)}).looks_possible()


# --- keys


def test_a_key_is_made_once_for_all_callers_of_all_stores(home: Home) -> None:
    SecretStore.open(home)
    stores = [SecretStore.open(home) for _ in range(4)]
    keys: list[bytes] = []
    threads = [
        threading.Thread(target=lambda s=s: keys.append(s.ensure_key("device.signing"))) for s in stores * 3
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 12
    assert len(set(keys)) == 1
    assert SecretStore.open(home).get("device.signing") == keys[0]


def test_two_processes_on_one_home_do_not_undo_each_other(home: Home) -> None:
    first, second = SecretStore.open(home), SecretStore.open(home)
    first.set("a.one", "planted-one")
    second.set("a.two", "planted-two")
    assert SecretStore.open(home).list() == ["a.one", "a.two"]


def test_a_key_of_another_length_is_kept_and_said(home: Home) -> None:
    store = SecretStore.open(home)
    store.set("a.key", "sixteen-bytes-ab")
    with pytest.raises(SecretsError, match="was kept"):
        store.ensure_key("a.key", 32)
    assert store.get("a.key") == b"sixteen-bytes-ab"


def test_the_device_key_signs(home: Home) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(SecretStore.open(home).ensure_key(secrets.DEVICE_KEY))
    key.public_key().verify(key.sign(b"object"), b"object")
    other = SecretStore.open(home).ensure_key(secrets.DEVICE_KEY)
    assert key.private_bytes_raw() == other


@pytest.mark.parametrize("name", ["", "A.b", "a b", "../x", "x" * 101, "ä"])
def test_a_wrong_name_is_refused(home: Home, name: str) -> None:
    with pytest.raises(SecretsError, match="Nothing was kept"):
        SecretStore.open(home).set(name, "planted-value")


def test_a_change_that_fails_did_not_happen(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SecretStore.open(home)
    store.set("a.b", "planted-old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SecretsError):
        store.set("a.b", "planted-new")
    monkeypatch.undo()
    assert store.get_text("a.b") == "planted-old"
    assert SecretStore.open(home).get_text("a.b") == "planted-old"


def test_deleting_tells_whether_it_was_there(home: Home) -> None:
    store = SecretStore.open(home)
    store.set("a.b", "planted-old")
    assert store.delete("a.b")
    assert not store.delete("a.b")
    assert SecretStore.open(home).get("a.b") is None


# --- nothing is shown

PLANTED = ['pass "word"\\with\nall/kinds+of', "sk-live-0123456789abcdef", "gehëim-wört-ß", "tok&en=1 2"]


def lines_of(action: object, *arguments: object) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log.JsonFormatter())
    logger = logging.Logger("garret.test")
    logger.addHandler(handler)
    action(logger, *arguments)  # type: ignore[operator]
    return stream.getvalue()


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_secret_is_in_no_line_no_traceback_and_no_repr(home: Home, planted: str) -> None:
    store = SecretStore.open(home)
    store.set("api.key", planted)
    raw = planted.encode()

    def leak(logger: logging.Logger) -> None:
        logger.info("plain %s quoted %r bytes %r hex %s", planted, planted, raw, raw.hex())
        logger.info("fields", extra={"fields": {"key": planted, "deep": [{"x": repr(planted)}]}})
        try:
            raise RuntimeError(f"request with {planted} and {raw!r} failed")
        except RuntimeError:
            logger.exception("failed for %s", [planted])

    text = lines_of(leak)
    for line in text.splitlines():
        json.loads(line)
    assert text.count(log.REDACTED) >= 8
    shown = text + repr(store) + str(vars(store)["_vault"]) + repr(store.health())
    for form in forms(planted):
        assert form not in shown


def wrong(home: Home, _place: Path, value: str) -> None:
    SecretStore.open(home, ask=says("planted-value-right"))
    SecretStore.open(home, ask=says(value, value))


def binary(home: Home, _place: Path, value: str) -> None:
    store = SecretStore.open(home)
    store.set("a.b", value.encode() + b"\xff")
    store.get_text("a.b")


def too_long(home: Home, _place: Path, value: str) -> None:
    SecretStore.open(home).set("a.b", value * 5000)


def half_a_character(home: Home, _place: Path, value: str) -> None:
    SecretStore.open(home).set("a.b", value + "\ud800")


def refused(home: Home, place: Path, value: str) -> None:
    SecretStore.open(home, keychain=ring(place))
    SecretStore.open(home, keychain=ring(place, "refuse")).set("a.b", value)


@pytest.mark.parametrize("failure", [wrong, binary, too_long, half_a_character, refused])
def test_no_error_shows_a_value_or_a_passphrase(
    home: Home, tmp_path: Path, failure: Callable[[Home, Path, str], None]
) -> None:
    value = "planted-value-in-error"
    with pytest.raises(SecretsError) as caught:
        failure(home, tmp_path, value)
    error: BaseException | None = caught.value
    while error is not None:  # what a formatter would print goes up the chain of causes
        assert value not in f"{error} {error!r} {error.args}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def test_a_secret_read_at_start_is_known_to_the_redactor(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    SecretStore.open(home).set("api.key", "planted-at-an-earlier-start")
    fresh = log.Redactor()
    monkeypatch.setattr("garret.control.secrets.redaction.REDACTOR", fresh)
    assert "earlier" in fresh.clean("planted-at-an-earlier-start")
    SecretStore.open(home)
    assert fresh.clean("x planted-at-an-earlier-start y") == f"x {log.REDACTED} y"
