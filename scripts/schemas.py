"""The golden JSON Schemas under schemas/: `make generate` writes them anew.

One file for each command and event of all rooms, named as it is, and `protocol.json` for all that is
around them: frames, envelope, kinds, errors, handshake, streams, descriptors, deadlines, approvals. Together
they are what a client in another language needs. tests/contract/test_schemas.py fails where a file and the
code disagree, so that a change of a contract is seen for what it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from garret.app import rooms
from garret.protocol import frames, handshake, session, streams
from garret.protocol.contract import CommandMeta
from garret.protocol.envelope import VERSION, Envelope, WireError
from garret.protocol.frames import Kind
from garret.protocol.handshake import Challenge, Claims, Hello, Welcome
from garret.protocol.life import Progress
from garret.protocol.manifest import Room
from scripts.type_names import TypeNames, parts_of, schema

FOLDER = Path(__file__).resolve().parent.parent / "schemas"
PROTOCOL: Final = "protocol"

CLIENT_KINDS: Final[dict[Kind, tuple[str, str]]] = {
    Kind.CHALLENGE: ("control plane", "Challenge; the first frame of a connection"),
    Kind.HELLO: ("client", "Hello; the answer to the challenge"),
    Kind.WELCOME: ("control plane", "Welcome; commands may be sent from here on"),
    Kind.COMMAND: (
        "client",
        "the command's own type; `id` is new on this connection, `name` names the command",
    ),
    Kind.RESULT: ("control plane", "the result's type; the last frame of its `id`"),
    Kind.ERROR: (
        "control plane",
        "WireError; the last frame of its `id`, or of the connection where `id` is 0",
    ),
    Kind.STREAM: ("both", "see `streams`; `name` says which"),
    Kind.CREDIT: ("both", "Credit: so many more items of the stream in the other direction may come"),
    Kind.CANCEL: ("client", "nil; ask that the command `id` ends, which is still answered"),
}
"""Who sends what between a client and the control plane; the other kinds are between it and its workers."""


def documents(all_rooms: Iterable[Room] | None = None) -> dict[str, str]:
    """The text of every schema file, by file name."""
    known = rooms() if all_rooms is None else tuple(all_rooms)
    names = TypeNames(known)
    found = {PROTOCOL: protocol()}
    for room in known:
        for command in room.commands:
            found[command.__meta__.name] = _command(room, command.__meta__, names)
        for event in room.events:
            found[event.__event__] = {
                "title": event.__event__,
                "description": _text(event.__doc__),
                "x-room": room.name,
                "x-capability": event.__readers__.own,
                "x-capability-others": event.__readers__.others,
                "event": schema(event, names),
            }
    return {
        f"{name}.json": json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        for name, document in found.items()
    }


def _command(room: Room, meta: CommandMeta, names: TypeNames) -> dict[str, Any]:
    return {
        "title": meta.name,
        "description": meta.summary,
        "x-room": room.name,
        "x-capability": meta.capability,
        "x-job": meta.job,
        "x-replay": meta.replay,
        "x-approval": meta.approval,
        "x-leaves-machine": meta.leaves_machine,
        "x-timeout-seconds": meta.timeout,
        "x-descriptors": meta.descriptors,
        **{part: schema(kind, names) for part, kind in parts_of(meta).items()},
    }


def _text(doc: str | None) -> str:
    return " ".join((doc or "").split("\n\n", 1)[0].split())


def protocol() -> dict[str, Any]:
    """What is around the commands and events of all rooms."""
    names = TypeNames(())
    for kind in (
        Envelope,
        WireError,
        Challenge,
        Hello,
        Welcome,
        Claims,
        streams.Credit,
        streams.Gap,
        Progress,
    ):
        names.add(kind)
    return {
        "title": PROTOCOL,
        "description": (
            "What travels on a home's control socket (a Unix stream socket). Each frame is a header and a "
            "body; a body is one envelope in msgpack; an envelope's payload is msgpack of the type that its "
            "kind and name say. Unknown fields, missing fields and wrong types end the connection."
        ),
        "version": VERSION,
        "frame": {
            "header": "6 bytes, network byte order: length of the body (u32), kind (u8), descriptors (u8)",
            "kinds": [
                {
                    "number": int(kind),
                    "name": kind.name.lower(),
                    "from": sender,
                    "payload": payload,
                    "limit": frames.LIMITS[kind],
                }
                for kind, (sender, payload) in CLIENT_KINDS.items()
            ],
        },
        "envelope": {"fields": list(Envelope.__struct_fields__), **schema(Envelope, names)},
        "error": schema(WireError, names),
        "handshake": {
            "description": (
                "The control plane sends a Challenge, the client a Hello, the control plane a Welcome. A "
                "proof is HMAC-SHA256, with the secret of the client's role, of the msgpack array [label, "
                "version, the challenge's nonce, the hello's nonce, Claims]; the label is 'peer' in the "
                "Hello, with nothing accepted, and 'server' in the Welcome. Version and build have to be "
                "the same on both sides."
            ),
            "nonce-bytes": handshake.NONCE_BYTES,
            "seconds": handshake.TIMEOUT,
            "challenge": schema(Challenge, names),
            "hello": schema(Hello, names),
            "welcome": schema(Welcome, names),
            "claims": {"fields": list(Claims.__struct_fields__), **schema(Claims, names)},
        },
        "streams": {
            "description": (
                "A sender may have as many items under way as the receiver allowed, `initial-credit` to "
                "begin with; one more ends the connection. What the receiver used up it allows anew by a "
                "credit."
            ),
            "initial-credit": streams.INITIAL_CREDIT,
            "most-credit": streams.MAX_GRANT,
            "credit": schema(streams.Credit, names),
            "names": {
                "item": "either way: one of the command's `item`, or of its `input`; costs one credit",
                "end": "from the client: nothing more is streamed in; payload nil; costs no credit",
                "progress": "from the control plane: Progress; costs no credit",
                "gap": "from the control plane: Gap; costs no credit",
            },
            "progress": schema(Progress, names),
            "gap": schema(streams.Gap, names),
            "replay": "a job's last `x-replay` items are kept while it runs, for who is late or slow",
        },
        "descriptors": {
            "description": (
                "Travel beside the first byte of their frame (SCM_RIGHTS), in order, as many as the header "
                "says: with a command as many as `x-descriptors` at most, and with a result. Bulk data is "
                "a sealed memfd."
            ),
            "most": frames.MAX_DESCRIPTORS,
        },
        "deadlines": {
            "description": (
                "`deadline` is when the caller stops waiting, in seconds of the machine's monotonic clock; "
                "nil stands for the command's own `x-timeout-seconds`, and that may be null: until done or "
                "cancelled. An answer follows within `grace-seconds`. A job goes on without its caller."
            ),
            "grace-seconds": session.GRACE,
        },
        "capabilities": (
            "`x-capability` is what role and profile have to grant. Of an event it is needed to hear what "
            "concerns one's own profile or everybody, `x-capability-others` also for other profiles."
        ),
        "approvals": (
            "Where `x-approval` is true, nothing is done before somebody who may grant approvals has granted "
            "exactly this command for whoever asked."
        ),
        "subscriptions": (
            "`house.subscribe` streams events as numbered items. The first has number 0 and no event: it "
            "has begun. A jump in the numbers is how many were lost. A cancel unsubscribes; a result ends "
            "it, too."
        ),
    }


def write(folder: Path = FOLDER) -> list[str]:
    """Make `folder` hold exactly the schemas of today; return the names of the files that changed."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = documents()
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    for name in there.keys() - wanted.keys():
        (folder / name).unlink()
    for name, text in wanted.items():
        if there.get(name) != text:
            (folder / name).write_text(text, encoding="utf-8")
    return sorted(name for name in there.keys() | wanted.keys() if there.get(name) != wanted.get(name))
