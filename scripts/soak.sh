#!/usr/bin/env bash
# Runs what takes too long for every change. Redundant stations go through every
# fault repeatedly, and the property tests run on a great many histories. Every
# seed is printed. A failure tells how to repeat it.
#
#   scripts/soak.sh
#
# AURA_SOAK (10m) is how long the stations are exposed to faults; each kind of
# fault comes at least once. AURA_SOAK_CHECKS (1000000) is the number of
# histories on which the on-air log and the monitor are tried. Tests with
# costlier histories run on a share of that number. All cores work; two cores
# take about two hours.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/sbin:/sbin" CGO_ENABLED=0
export AURA_SOAK=${AURA_SOAK:-10m}
checks=${AURA_SOAK_CHECKS:-1000000}

scripts/install-deps.sh test
scripts/install-deps.sh soak
export AURA_TEST_REQUIRE_MARIADB=1

failed=()
soak() {
  echo
  echo "== $*"
  "$@" || failed+=("$*")
}
soak go test -count=1 -timeout 0 -v ./scripts/e2e -run '^(TestSoak|TestUpdate|TestUpdate_Station|TestEngine2025_heard|TestImages_.*|TestPackages_.*|TestRelease|TestArm64|TestSetup_Programmes)$'
soak go test -count=1 -timeout 0 ./pkg/handler -run '^(TestMonth|TestEngine2025_syncNode)$'
soak scripts/histories.sh pkg/onair '^Test(Derive_Oracle|Splice_Oracle|AsSaid)$' "$checks"
soak scripts/histories.sh pkg/onair/heard '^Test(TheOracleAgrees|Derive_order|Derive_disjoint|Cuts_window|Cuts_known|Cuts_trouble)$' "$checks"
# In memory, if possible: the stations above show what a disk has to do with it.
memory=/dev/shm
[ -w "$memory" ] || memory=/tmp
soak scripts/histories.sh pkg/repo '^TestStation_Oracle$/^SQLite$' "$checks" "$memory"
# These read and write several databases, and take twenty times as long.
soak scripts/histories.sh pkg/repo '^Test(Station_TwoNodes|Heard_Oracle)$/^SQLite$' $((checks / 20)) "$memory"
# A history takes that much longer on a database server.
soak scripts/histories.sh pkg/repo '^TestStation_Oracle$/^MariaDB$' $((checks / 50))
soak scripts/histories.sh pkg/repo '^Test(Station_TwoNodes|Heard_Oracle)$/^MariaDB$' $((checks / 1000))
soak scripts/histories.sh pkg/repo '^(TestDB_(StoreEntry_merge|CountEntries_property|AbsorbClocks)|TestStation_Activate_clockBehind|TestExchange|TestJournal_Histories|TestHeard_backlogs)$' $((checks / 500)) "$memory"
# Each try asks a whole service many times.
soak scripts/histories.sh pkg/handler '^TestAPI_ListTracks_Paging$' $((checks / 500)) "$memory"
soak scripts/histories.sh pkg/cli/correct '^TestSource_property$' $((checks / 500)) "$memory"
soak scripts/histories.sh services/engine-api/internal/outbox '^TestPusher_Histories$' $((checks / 5))
soak scripts/histories.sh services/sync-node/internal/reconcile '^TestRun_(Equal|Nodes)$' $((checks / 5))
soak scripts/histories.sh services/sync-node/internal/reconcile '^TestPurges_Oracle$/^SQLite$' $((checks / 100)) "$memory"
soak scripts/histories.sh services/status-monitor/internal/decision '^TestStep_Invariants$' "$checks"
soak scripts/histories.sh services/status-monitor/internal/decision '^TestStep_InvariantsWithoutHeartbeats$' "$checks"
soak scripts/histories.sh pkg/relay '^TestFollower$' "$checks"
soak scripts/histories.sh services/status-monitor/internal/act '^TestActor_Histories$' "$checks"

echo
if [ ${#failed[@]} -gt 0 ]; then
  printf 'FAILED: %s\n' "${failed[@]}"
  exit 1
fi
echo "nothing was lost, nothing doubled, and the on-air log was right throughout"
