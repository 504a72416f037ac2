#!/usr/bin/env bash
# Builds services as static binaries, each stamped with its own version. The same
# sources make the same bytes, wherever they are. GOARCH is the architecture.
#
#   scripts/build.sh DIRECTORY SERVICE…
set -euo pipefail
out=$(realpath -m "$1"); shift
cd "$(dirname "$0")/.."
mkdir -p "$out"
for service in "$@"; do
  CGO_ENABLED=0 go build -tags nomsgpack -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$(scripts/version.sh "$service")" \
    -o "$out/$service" "./services/$service"
done
