#!/usr/bin/env bash
# Builds services as static binaries, each stamped with its own version.
#
#   scripts/build.sh DIRECTORY SERVICE…
set -euo pipefail
out=$(realpath -m "$1"); shift
cd "$(dirname "$0")/.."
mkdir -p "$out"
for service in "$@"; do
  CGO_ENABLED=0 go build -buildvcs=false -ldflags "-s -w -X main.version=$(scripts/version.sh "$service")" \
    -o "$out/$service" "./services/$service"
done
