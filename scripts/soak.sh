#!/usr/bin/env bash
# What takes too long for every change: redundant stations through every fault,
# again and again, and the property tests on a great many histories. Every seed
# is printed; a failure tells how to repeat it.
#
#   scripts/soak.sh
#
# AURA_SOAK is how long the stations are plagued (10m; each kind of fault at
# least once), AURA_SOAK_CHECKS on how many histories the on-air log and the
# monitor are tried (1000000); what costs more for each is tried on a share of
# them. All cores work; two take some two hours.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/sbin:/sbin" CGO_ENABLED=0
export AURA_SOAK=${AURA_SOAK:-10m}
checks=${AURA_SOAK_CHECKS:-1000000}

scripts/install-deps.sh test
export AURA_TEST_REQUIRE_MARIADB=1

failed=()
soak() {
  echo
  echo "== $*"
  "$@" || failed+=("$*")
}
soak go test -count=1 -timeout 0 -v ./scripts/e2e -run '^TestSoak$'
soak scripts/histories.sh pkg/onair '^Test(Derive|Splice)_Oracle$' "$checks"
# In memory, where it may be: what a disk has to do with it, the stations show.
memory=/dev/shm
[ -w "$memory" ] || memory=/tmp
soak scripts/histories.sh pkg/repo '^TestStation_Oracle$/^SQLite$' "$checks" "$memory"
# A database server takes so much longer for a history.
soak scripts/histories.sh pkg/repo '^TestStation_Oracle$/^MariaDB$' $((checks / 50))
soak scripts/histories.sh services/engine-api/internal/outbox '^TestPusher_Histories$' $((checks / 5))
soak scripts/histories.sh services/sync-node/internal/reconcile '^TestRun_(Equal|Nodes)$' $((checks / 5))
soak scripts/histories.sh services/status-monitor/internal/decision '^TestStep_Invariants$' "$checks"
soak scripts/histories.sh services/status-monitor/internal/act '^TestActor_Histories$' "$checks"

echo
if [ ${#failed[@]} -gt 0 ]; then
  printf 'FAILED: %s\n' "${failed[@]}"
  exit 1
fi
echo "nothing was lost, nothing doubled, and the on-air log was right throughout"
