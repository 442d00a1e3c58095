"""Where Garret keeps things: one home folder, everything else below it.

`GARRET_HOME` moves all of it. The control socket lives in the home too, unless its path would not
fit into a Unix socket address (108 bytes on Linux); then it goes to the user's runtime folder under
a name derived from the home, so that two homes never share a socket.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from pathlib import Path

import msgspec

from garret.base.errors import Code, GarretError

_SOCKET_PATH_LIMIT = 100  # bytes; sun_path holds 108 on Linux and 104 on macOS, with a final NUL


def default_root() -> Path:
    """The home folder: `GARRET_HOME`, or the platform's place for a user's data."""
    chosen = os.environ.get("GARRET_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Garret"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "Garret"
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "garret"


class Home(msgspec.Struct, frozen=True):
    """The layout of one home folder. Nothing is created until `create` is called."""

    root: Path

    @classmethod
    def default(cls) -> Home:
        return cls(default_root())

    @property
    def durable_db(self) -> Path:
        """Jobs, objects, audit, settings: what must survive."""
        return self.root / "garret.db"

    @property
    def cache_db(self) -> Path:
        """Logs, metrics and caches: what can be rebuilt or lost."""
        return self.root / "cache.db"

    @property
    def blobs(self) -> Path:
        return self.root / "blobs"

    @property
    def spool(self) -> Path:
        """Audio that is being captured or decoded; empty when nothing is under way."""
        return self.root / "spool"

    @property
    def index(self) -> Path:
        """Index files of rooms, a folder for each workspace: what can be made again. Made when needed."""
        return self.root / "index"

    @property
    def copies(self) -> Path:
        """What rooms' workers make of others' files to be faster, a folder for each room."""
        return self.root / "copies"

    @property
    def models(self) -> Path:
        """The models that were taken in, a folder for each; what can be had again."""
        return self.root / "models"

    @property
    def backups(self) -> Path:
        return self.root / "backups"

    def client_secret(self, role: str = "cli") -> Path:
        """The secret (mode 0600) with which clients of one role prove themselves."""
        return self.root / f"{role}.secret"

    @property
    def shared_client_secret(self) -> Path:
        """Where the one secret of all clients was before each role had its own; now the command line's."""
        return self.root / "client.secret"

    @property
    def key_file(self) -> Path:
        """The passphrase-sealed key file, used only where there is no keychain."""
        return self.root / "keys.sealed"

    @property
    def audit_record(self) -> Path:
        """The signed record of the audit chain's end, kept beside the database and not in it."""
        return self.root / "audit.record"

    @property
    def lock(self) -> Path:
        return self.root / "control.lock"

    @property
    def socket(self) -> Path:
        direct = self.root / "control.sock"
        if len(os.fsencode(direct)) <= _SOCKET_PATH_LIMIT:
            return direct
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        runtime = os.environ.get("XDG_RUNTIME_DIR") or _temporary_folder()
        return Path(runtime) / f"garret-{os.getuid()}-{digest}" / "control.sock"

    def create(self) -> None:
        """Make the folders, private to the user (0700). Raises GarretError where that is impossible."""
        try:
            for folder in (self.root, self.blobs, self.spool, self.models, self.backups, self.socket.parent):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            status = self.socket.parent.stat()
            if status.st_uid != os.getuid():
                raise GarretError(
                    f"{self.socket.parent} belongs to another user; Garret will not put its socket there.",
                    code=Code.DENIED,
                )
            if stat.S_IMODE(status.st_mode) & 0o077:
                self.socket.parent.chmod(0o700)
        except OSError as error:
            raise GarretError(
                f"Garret cannot use its home folder {self.root}: {error.strerror}. "
                "Nothing was changed. Set GARRET_HOME to a folder you can write to.",
                code=Code.READ_ONLY,
                details={"path": str(self.root), "errno": error.errno},
            ) from error


def _temporary_folder() -> str:
    import tempfile  # 4 ms, and hardly ever needed

    return tempfile.gettempdir()
