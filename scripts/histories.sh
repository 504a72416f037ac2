#!/usr/bin/env bash
# Tries a property test on a number of random histories, on all cores at once.
# Each core runs its share in a process with one thread and with a seed of its
# own, which is printed. A history is a chain of goroutines that wait for one
# another. With two threads it would take twice as long.
#
#   scripts/histories.sh PACKAGE CASE HISTORIES [DIRECTORY]
#
# DIRECTORY is for the test's databases. A database server's own user must be
# able to access it.
set -euo pipefail
cd "$(dirname "$0")/.."
package=$1 case=$2 cores=$(nproc)
share=$((($3 + cores - 1) / cores))

work=$(mktemp -d)
tries=()
trap 'kill "${tries[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT
CGO_ENABLED=0 go test -c -o "$work/properties" "./$package"
for _ in $(seq "$cores"); do
  seed=$(od -An -N6 -tu8 /dev/urandom | tr -d ' ')
  echo "$case: $share histories from seed $seed"
  (cd "$package" && TMPDIR=${4:-${TMPDIR:-/tmp}} GOMAXPROCS=1 GOGC=800 exec "$work/properties" -test.v -test.timeout 0 \
    -test.run "$case" -rapid.checks="$share" -rapid.seed="$seed") &
  tries+=($!)
done
failed=0
for try in "${tries[@]}"; do wait "$try" || failed=1; done
exit $failed
