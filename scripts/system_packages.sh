#!/usr/bin/env bash
# See to the system packages that the richer tests use (requirements/debian.txt): install what is
# missing when root on Debian, otherwise print the command. Tests skip, and say so, without them.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v dpkg-query >/dev/null || { echo "Not a Debian system: tests that need requirements/debian.txt may skip."; exit 0; }

missing=()
while read -r name _; do
  case $name in '' | '#'*) continue ;; esac
  status=$(dpkg-query --show --showformat '${db:Status-Status}' "$name" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$name")
done <requirements/debian.txt

[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
  echo "Installing system packages for the tests: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  if apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null; then
    exit 0
  fi
  echo "They could not be installed; the tests that need them will skip."
else
  echo "Some tests will skip. To run them too:"
  echo "  sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}"
fi
