#!/usr/bin/env bash
# Everything that must hold before a change goes in. Installs what is missing,
# runs the checks and then all tests, and ends with a summary: what ran, what
# failed, what was skipped and why. Needs Go and a C compiler (for the race
# detector); the systemd tests need root and say so where they skip.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/sbin:/sbin"

scripts/install-deps.sh test || exit 1
# What was just installed must not be skipped for being absent.
export AURA_TEST_REQUIRE_MARIADB=1 AURA_TEST_REQUIRE_CHROMIUM=1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One check: its output only where it fails, its result for the summary.
check() {
  local name=$1 start=$SECONDS result=pass
  shift
  printf '%-40s' "$name"
  "$@" >"$work/output" 2>&1 || result=fail
  echo "$result  $((SECONDS - start))s"
  [ "$result" = pass ] || sed 's/^/    /' "$work/output"
  echo "$result $name" >>"$work/checks"
}
check "generated files are fresh" make --no-print-directory check-generated
check "files are formatted" make --no-print-directory check-fmt
check "lint" make --no-print-directory lint
check "each module builds and tests alone" make --no-print-directory independent
# Under the race detector, below, a history takes twenty times as long.
check "on-air log of 10000 random histories" scripts/histories.sh pkg/repo '^TestStation_Oracle$/^SQLite$' 10000

CGO_ENABLED=0 go build -o "$work/testsummary" ./scripts/testsummary || exit 1
CGO_ENABLED=1 go test -race -timeout 8m -json work 2>&1 | "$work/testsummary" -checks "$work/checks"
