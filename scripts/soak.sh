#!/usr/bin/env bash
# What takes too long for every change: redundant stations through every fault,
# again and again, and the property tests on a million histories each. Every
# seed is printed; a failure tells how to repeat it.
#
#   scripts/soak.sh
#
# AURA_SOAK is how long the stations are plagued (1h; each kind at least once),
# AURA_SOAK_CHECKS on how many histories each property is tried (1000000). Two
# cores are busy with all of that for some eight hours, most of them with the
# histories that go through a database.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/sbin:/sbin" CGO_ENABLED=0
export AURA_SOAK=${AURA_SOAK:-1h}
checks=${AURA_SOAK_CHECKS:-1000000}

scripts/install-deps.sh test
export AURA_TEST_REQUIRE_MARIADB=1

failed=()
soak() {
  echo
  echo "== $*"
  "$@" || failed+=("$*")
}
test=(go test -count=1 -timeout 0 -v)
soak "${test[@]}" ./scripts/e2e -run '^TestSoak$'
soak "${test[@]}" ./pkg/onair -rapid.checks="$checks"
soak "${test[@]}" ./pkg/repo -run '^TestStation_Oracle$/^SQLite$' -rapid.checks="$checks"
# A history takes a database server so much longer.
soak "${test[@]}" ./pkg/repo -run '^TestStation_Oracle$/^MariaDB$' -rapid.checks=$((checks / 50))
soak "${test[@]}" ./services/engine-api/internal/outbox -rapid.checks="$checks"
soak "${test[@]}" ./services/sync-node/internal/reconcile -run '^TestRun_(Equal|Nodes)$' -rapid.checks="$checks"
soak "${test[@]}" ./services/status-monitor/internal/decision -rapid.checks="$checks"
soak "${test[@]}" ./services/status-monitor/internal/act -rapid.checks="$checks"

echo
if [ ${#failed[@]} -gt 0 ]; then
  printf 'FAILED: %s\n' "${failed[@]}"
  exit 1
fi
echo "nothing was lost, nothing doubled, and the on-air log was right throughout"
