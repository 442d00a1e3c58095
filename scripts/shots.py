"""Pictures of the command line for the README, taken of real runs: docs/pictures/*.svg.

`make shots` runs each command in a terminal of its own (a pseudo-terminal) against a throw-away home and
draws what it printed. The pictures are drawings of text, without outside fonts. A command that fails ends
it, and its picture stays as it was; `scripts/shots.py status workers` draws only these.
"""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
COLUMNS = 104
GARRET = [sys.executable, "-m", "garret.cli"]
NAMES = ("demo", "history", "status", "doctor", "workers")

THEME = TerminalTheme(
    (28, 27, 34),
    (226, 224, 232),
    [
        (60, 58, 70),
        (224, 108, 117),
        (152, 195, 121),
        (229, 192, 123),
        (97, 175, 239),
        (198, 120, 221),
        (86, 182, 194),
        (200, 198, 208),
    ],
    [
        (110, 108, 122),
        (240, 134, 143),
        (172, 215, 141),
        (243, 210, 143),
        (127, 195, 249),
        (218, 150, 236),
        (116, 202, 214),
        (255, 255, 255),
    ],
)

# rich's own template asks a web server for its font; this one takes what the reader has.
FORMAT = """<svg class="rich-terminal" viewBox="0 0 {width} {height}"
 xmlns="http://www.w3.org/2000/svg" xml:space="preserve">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g></g></svg>
"""


def run(command: list[str], home: Path) -> str:
    """Run `command` in a terminal and return all it printed, with its colours. SystemExit where it fails."""
    environment = {
        **os.environ,
        "GARRET_HOME": str(home),
        "GARRET_KEYCHAIN": "off",
        "COLUMNS": str(COLUMNS),
        "LINES": "50",
        "TERM": "xterm-256color",
    }
    primary, secondary = pty.openpty()
    process = subprocess.Popen(command, stdin=secondary, stdout=secondary, stderr=secondary, env=environment)
    os.close(secondary)
    printed = bytearray()
    while True:
        ready, _, _ = select.select([primary], [], [], 1.0)
        try:
            data = os.read(primary, 65_536) if ready else b""
        except OSError:  # the terminal's other side is closed
            break
        printed += data
        if not data and process.poll() is not None:
            break
    os.close(primary)
    text = printed.decode(errors="replace")
    if process.wait() != 0:
        raise SystemExit(f"{' '.join(command)} failed ({process.returncode}):\n{text}")
    return text


def settled(text: str) -> str:
    """What is left on the screen: lines that were redrawn in place keep their last state."""
    lines: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        last = re.split(r"\r|\x1b\[2?K", line)[-1]
        last = re.sub(r"\x1b\[\?25[lh]|\x1b\[\d*[ABCDGJ]", "", last)
        lines.append(last)
    return "\n".join(lines).strip("\n")


def anybody(text: str, home: Path) -> str:
    """The same with the places where anybody would have them."""
    text = text.replace(str(home), "~/.local/share/garret")
    return text.replace(sys.prefix, "~/garret/.venv").replace(str(ROOT), "~/garret")


def draw(name: str, title: str, text: str) -> None:
    """Write docs/pictures/NAME.svg."""
    with Path(os.devnull).open("w") as nowhere:
        console = Console(
            record=True, width=COLUMNS, file=nowhere, force_terminal=True, color_system="truecolor"
        )
        console.print(Text.from_ansi(settled(text)))
    svg = console.export_svg(title=title, theme=THEME, code_format=FORMAT, unique_id=name)
    PICTURES.mkdir(parents=True, exist_ok=True)
    (PICTURES / f"{name}.svg").write_text(svg)
    print(f"docs/pictures/{name}.svg")


def main(names: list[str]) -> int:
    """Draw the pictures named (all by default); 2 for a name there is none of."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"no such picture: {', '.join(unknown)}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    wanted = [name for name in NAMES if name in names or not names]
    home = Path(tempfile.mkdtemp(prefix="garret-shots-"))
    try:
        if "demo" in wanted:
            draw("demo", "make demo", anybody(run([sys.executable, "-m", "garret.demo"], home), home))
        run([*GARRET, "dictate", str(ROOT / "src" / "garret" / "demo" / "passage.flac")], home)
        for name in wanted:
            if name != "demo":
                draw(name, f"garret {name}", anybody(run([*GARRET, name], home), home))
    finally:
        run([*GARRET, "down"], home)
        shutil.rmtree(home, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
