#!/usr/bin/env bash
# Runs everything that must hold before a change goes in. It installs what is
# missing and runs all tests and, at the same time, the checks. It ends with a
# summary: what ran, what failed, what was skipped and why. Needs Go and a C
# compiler (for the race detector). The systemd tests need root, and say so if
# they skip.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/sbin:/sbin"
limit=${AURA_TEST_MINUTES:?make says how long a package may take}m

scripts/install-deps.sh test || exit 1
# Tests must not skip because something is missing that was just installed.
export AURA_TEST_REQUIRE_MARIADB=1 AURA_TEST_REQUIRE_CHROMIUM=1

work=$(mktemp -d) memory=
trap 'rm -rf "$work" "$memory"' EXIT
memory=$(scripts/memory.sh) || exit 1
CGO_ENABLED=0 go build -o "$work/testsummary" ./scripts/testsummary || exit 1

# Tests allocate much and keep little, so collecting garbage would be a quarter of
# their work. What scripts/e2e starts runs as it ships.
cat >"$work/run" <<SCRIPT
#!/bin/sh
case \$1 in */e2e.test) ;; *) export TMPDIR=$memory GOGC=400 GOMEMLIMIT=1GiB ;; esac
exec "\$@"
SCRIPT
chmod +x "$work/run"

# check runs one check. It shows the output only if the check fails, and notes
# the result for the summary.
check() {
  local name=$1 start=$SECONDS result=pass
  shift
  "$@" >"$work/output" 2>&1 || result=fail
  printf '%-40s%s  %ds\n' "$name" $result $((SECONDS - start))
  [ "$result" = pass ] || sed 's/^/    /' "$work/output"
  echo "$result $name" >>"$work/checks"
}
check "generated files are fresh" make --no-print-directory check-generated
check "files are formatted" make --no-print-directory check-fmt
# Go's cache of test results ignores changes outside the test's module.
check "links of the documents lead somewhere" go test -count=1 ./scripts/documents

# Tests wait, for processes and for one another. Work that only computes uses
# that time, with such a low priority that it takes no other time.
slow_checks() {
  check "lint" nice -n 19 make --no-print-directory lint
  check "each module builds alone" nice -n 19 make --no-print-directory independent
  # Under the race detector, below, a history takes twenty times as long.
  check "on-air log of 500 random histories" nice -n 19 scripts/histories.sh pkg/repo '^TestStation_Oracle$/^SQLite$' 500
}
exec 3>&1
{
  trap 'trap - TERM; kill 0' INT # background processes ignore a Ctrl-C
  slow_checks >&3 &
  # The longest packages come first. Each module was vetted alone. The race
  # detector watches the project's code. SQLite is left out: it is C that was
  # translated, each connection is used by one goroutine at a time, and watching
  # it would take as long as all tests together. Do not leave out rapid too: then the
  # detector reports races at every sync.Map of other libraries.
  # Half of their time, tests wait: so one package more runs than there are cores.
  CGO_ENABLED=1 go test -p $(($(nproc) + 1)) -race -gcflags='modernc.org/...=-race=false' -vet=off -timeout "$limit" -exec "$work/run" -json ./scripts/e2e ./pkg/repo work 2>&1
  tested=$?
  wait
  exit $tested
} | "$work/testsummary" -checks "$work/checks"
