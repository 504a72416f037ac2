#!/usr/bin/env bash
# Fails if a generated file differs from what its generator writes today. Works
# on a copy, so that nothing changes here.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/now"

# The files that belong to the tree: known to git, or new and not ignored.
git ls-files -z --cached --others --exclude-standard |
  while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
  tar --null --create --files-from=- | tar --extract --directory "$work/now"
cp -r "$work/now" "$work/fresh"

# The tables of the services' READMEs have tests of their own.
make --no-print-directory -C "$work/fresh" generate GENERATE="-skip=TestReadme"
diff -ru "$work/now" "$work/fresh" || { echo "generated files are stale: run make generate" >&2; exit 1; }
