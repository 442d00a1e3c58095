"""TypeScript as the contracts are: no drift, unique names that stay, and a strict compiler that agrees."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from garret.app import rooms
from garret.protocol.contract import Command, Contract, Event, command, event
from garret.protocol.manifest import Room
from scripts.generate import GENERATE
from scripts.type_names import TypeNames, schema
from scripts.typescript import CONTRACTS, WINDOW, Writer, write


class Part(Contract, frozen=True):
    at: float
    note: str = ""


class Voices(Contract, frozen=True):
    """The voices there are."""

    names: tuple[str, ...]
    parts: tuple[Part, ...] = ()


@command("play.voices", result=Voices, capability="play.use", items=Part, inputs=Part, job=True)
class Ask(Command[Voices], frozen=True):
    """Ask for them. It says */ on purpose."""

    kind: Literal["all", "some"] = "all"
    part: Part | None = None
    extra: dict[str, bytes] = msgspec.field(default_factory=dict[str, bytes])
    pair: tuple[int, str] = (0, "")


@event("play.heard")
class Heard(Event, frozen=True):
    """Something was heard."""

    voices: Voices


PLAY = Room(name="play", summary="Made up.", commands=(Ask,), events=(Heard,))


def another() -> Room:
    """A room whose types have the names of those of `play`, in a module of its own."""
    names = {"__module__": "another.contracts"}
    voices = type(Contract)("Voices", (Contract,), {**names, "__annotations__": {"loud": bool}}, frozen=True)
    ask: Any = type(Contract)("Ask", (Command,), dict(names), frozen=True)
    return Room(
        name="loud_room",
        summary="Made up.",
        commands=(command("loud.voices", result=voices, capability="loud.use")(ask),),
    )


def test_the_file_is_what_the_contracts_say() -> None:
    assert CONTRACTS.read_text(encoding="utf-8") == Writer((*rooms(), WINDOW)).text(), (
        f"out of date: run `{GENERATE}`"
    )


def test_writing_says_whether_something_changed(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "contracts.ts"
    assert write(path)
    assert not write(path)
    path.write_text("other")
    assert write(path)
    assert path.read_text(encoding="utf-8") == CONTRACTS.read_text(encoding="utf-8")


def test_every_kind_of_type_has_its_form() -> None:
    text = Writer((PLAY,)).text()
    for line in (
        'readonly kind?: "all" | "some";',
        "readonly part?: PlayPartInput | null;",
        "readonly extra?: Readonly<Record<string, Base64>>;",
        "readonly pair?: readonly [number, string];",
        "/** Ask for them. It says * / on purpose. */",
        'readonly "play.heard": PlayHeard;',
        'readonly "play.voices": {',
        "readonly input: PlayPartInput;",
        "readonly item: PlayPart;",
        '"play.voices": { capability: "play.use", job: true, replay: 0, approval: false,',
        "seconds: 30.0, descriptors: 0, items: true, inputs: true },",
    ):
        assert line in text, line
    received, _, sent = text.partition("export interface PlayPartInput {")
    assert "  readonly at: number;\n  readonly note: string;\n" in received, "what comes has all its fields"
    assert sent.startswith("\n  readonly at: number;\n  readonly note?: string;\n")


def test_two_rooms_may_use_one_name_and_neither_changes_the_other() -> None:
    alone, together = Writer((PLAY,)).text(), Writer((another(), PLAY)).text()
    declarations = alone[alone.index("export type Code") : alone.index("/** Every command")]
    for declaration in declarations.strip().split("\n\n"):
        assert declaration in together
    for name in ("PlayVoices", "LoudRoomVoices", "PlayAsk", "LoudRoomAsk"):
        assert len(re.findall(rf"^export (?:interface|type) {name}\b", together, re.MULTILINE)) == 1
    names = TypeNames((PLAY, another()))
    assert set(schema(Voices, names)["$defs"]) == {"PlayVoices", "PlayPart"}
    assert schema(Voices, names)["$defs"]["PlayVoices"]["title"] == "PlayVoices"


def test_two_types_of_one_room_may_not_share_a_name() -> None:
    fields = {"__module__": Voices.__module__, "__annotations__": {"other": int}}
    twin = type(Contract)("Voices", (Contract,), fields, frozen=True)

    @command("play.twin", result=twin, capability="play.use")
    class Twin(Command[Any], frozen=True):
        """Answer with something else of that name."""

    with pytest.raises(ValueError, match="would both be PlayVoices"):
        TypeNames((Room(name="play", summary="Made up.", commands=(Ask, Twin)),))


_USE = """
import { Client, COMMANDS, GarretError, type Happened, type Transport } from "./contracts";

declare const transport: Transport;
const client = new Client(transport);

export async function well(): Promise<string> {
  const status = await client.call("house.status", {});
  const version: string = status.version;
  await client.call("dictate.transcribe", { utterance: "u" }, {
    onItem: (item) => { const text: string = item.text; void text; },
    onGap: (gap) => { const count: number = gap.items; void count; },
    seconds: null,
  });
  await client.subscribe("*", {
    happened(told: Happened) {
      if (told.name === "dictate.finished") { const text: string = told.event.text; void text; }
    },
    lost(count) { void count.toFixed(); },
  });
  const needed: string = COMMANDS["house.status"].capability;
  try { await client.call("house.job", { job: "j" }); } catch (error) {
    if (error instanceof GarretError && error.code === "not_found") return error.message;
  }
  return version + needed;
}

export async function badly(): Promise<void> {
  // @ts-expect-error there is no such command
  await client.call("house.stature", {});
  // @ts-expect-error the utterance is missing
  await client.call("dictate.transcribe", {});
  // @ts-expect-error a field that nobody knows
  await client.call("house.status", { further: 1 });
  // @ts-expect-error a status has no such field
  (await client.call("house.status", {})).stature;
  // @ts-expect-error no such mode
  await client.call("dictate.transcribe", { utterance: "u", mode: "loose" });
  // @ts-expect-error a capability is a text
  const needed: number = COMMANDS["house.status"].capability;
  void needed;
}
"""


@pytest.fixture(scope="module")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """TypeScript's compiler, from wherever npm is set up to fetch it."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed: the generated TypeScript is not compiled here")
    folder = tmp_path_factory.mktemp("typescript")
    environment = {**os.environ, "npm_config_update_notifier": "false"}
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), "typescript@5"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=folder)
    found = folder / "node_modules" / ".bin" / "tsc"
    if done.returncode != 0 or not found.exists():
        pytest.skip(f"npm could not fetch typescript: {done.stderr.strip()[-200:] or done.returncode}")
    return found


def test_a_strict_compiler_takes_the_file_and_finds_wrong_uses(compiler: Path, tmp_path: Path) -> None:
    shutil.copy(CONTRACTS, tmp_path / "contracts.ts")
    (tmp_path / "use.ts").write_text(_USE)
    options = ["--strict", "--noEmit", "--target", "es2022", "--module", "es2022"]
    options += ["--moduleResolution", "bundler", "--exactOptionalPropertyTypes", "--noUnusedLocals"]
    done = subprocess.run(
        [str(compiler), *options, "use.ts"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


_RUN = """
import { Client, type Answer, type Invocation, type Reactions } from "./contracts";

declare const process: { stdout: { write(text: string): void } };
const asked: Invocation[] = [];
const client = new Client({
  async invoke(invocation: Invocation, reactions: Reactions): Promise<Answer> {
    asked.push(invocation);
    for (const sequence of [0, 1, 4]) {
      await reactions.item({ sequence, name: "house.profile_changed", event: { profile: String(sequence) } });
    }
    return { value: { reason: "profile", sequence: 4 }, files: [{ ticket: "t", size: 7 }] };
  },
});
const heard: string[] = [];
const ended = await client.subscribe("house.*", {
  begun() { heard.push("begun"); },
  happened(told) { heard.push(told.name === "house.profile_changed" ? told.event.profile : "?"); },
  lost(count) { heard.push(`lost ${count}`); },
});
await client.call("house.status", {}, { seconds: 5, workspace: "w" });
await client.call("house.backup", {});
const { files } = await client.withFiles("dictate.audio", { utterance: "u" }, [new Blob(["abc"])]);
const told = asked.map((each) => [each.name, each.seconds, each.workspace, each.files.length]);
process.stdout.write(JSON.stringify([heard, ended.sequence, told, files]));
"""


def test_the_client_says_what_it_was_told_and_counts_what_was_lost(compiler: Path, tmp_path: Path) -> None:
    shutil.copy(CONTRACTS, tmp_path / "contracts.ts")
    (tmp_path / "run.ts").write_text(_RUN)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    options = ["--strict", "--target", "es2022", "--module", "es2022", "--moduleResolution", "bundler"]
    done = subprocess.run([str(compiler), *options, "run.ts"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout
    text = (tmp_path / "run.js").read_text().replace('"./contracts"', '"./contracts.js"')
    (tmp_path / "run.js").write_text(text)
    said = subprocess.run(["node", "run.js"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert said.stderr == ""
    assert said.stdout == (
        '[["begun","1","lost 2","4"],4,[["house.subscribe",null,"",0],["house.status",5,"w",0],'
        '["house.backup",null,"",0],["dictate.audio",30,"",1]],[{"ticket":"t","size":7}]]'
    )
