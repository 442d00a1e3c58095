#!/usr/bin/env bash
# Write requirements/{base,media,desktop,data,dev,bench}.lock: exact versions and the hashes of every file of each, for
# every platform and every Python from 3.11. No index is named, so an install uses the one that the
# person's pip is set up for.
#
#   scripts/lock.sh            keep the pins that still fit, add what is new
#   scripts/lock.sh --upgrade  take the newest versions
#
# Each lock is resolved under the pins of the smaller one, so that a wider install never changes a
# version that the narrower one chose.
set -euo pipefail
cd "$(dirname "$0")/.."

uv=.venv/bin/uv
[ -x "$uv" ] || { echo "uv is missing: run 'make setup-dev' first" >&2; exit 1; }

compile() {
  local name=$1
  shift
  "$uv" pip compile pyproject.toml \
    --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --custom-compile-command scripts/lock.sh \
    --output-file "requirements/$name.lock" "$@"
  if grep -nE '://|--(extra-)?index-url|--find-links|--trusted-host' "requirements/$name.lock"; then
    echo "requirements/$name.lock names a place to download from" >&2
    exit 1
  fi
  echo "requirements/$name.lock: $(grep -c '==' "requirements/$name.lock") pins"
}

# `media` has FFmpeg, `desktop` Qt (260 MB), `data` the drivers of database servers: each is what a set-up of its own installs beside base.
extras=(--extra media --extra sherpa --extra desktop --extra data)
compile base --group build "$@"
compile media --extra media --group build --constraint requirements/base.lock "$@"
compile desktop --extra desktop --group build --constraint requirements/base.lock "$@"
compile data --extra data --group build --constraint requirements/base.lock "$@"
compile dev "${extras[@]}" --group dev --constraint requirements/media.lock --constraint requirements/desktop.lock \
  --constraint requirements/data.lock "$@"
compile bench "${extras[@]}" --group dev --group bench --constraint requirements/dev.lock "$@"
