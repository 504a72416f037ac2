#!/usr/bin/env bash
# Shows which tests depend on the machine's speed. It runs each package ten
# times, and scripts/e2e three times, on one core that it shares with a busy
# loop. At the end it prints a table of what failed and how often, and where the
# logs are.
#
#   scripts/stress.sh [PACKAGE…]     such as ./pkg/repo or ./pkg/...
#
# AURA_STRESS_RUNS (10) and AURA_STRESS_E2E_RUNS (3) are the numbers of runs;
# AURA_STRESS_LOOPS (1) is the number of busy loops on each core;
# AURA_STRESS_CORES (all) are the numbers of the cores, with blanks in between.
# Each core is a lane that takes one package after another: scripts/e2e first,
# then the packages with the most tests. The subject is time, not search:
# property tests try few histories, and there is no race detector. A run may take
# twice the limit of `make test`. A run that reaches its limit has failed. Two
# cores take an hour or two for everything.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/sbin:/sbin" CGO_ENABLED=0
runs=${AURA_STRESS_RUNS:-10} e2e_runs=${AURA_STRESS_E2E_RUNS:-3} loops=${AURA_STRESS_LOOPS:-1}
cores=${AURA_STRESS_CORES:-$(seq 0 $(($(nproc --all) - 1)))}
minutes=$((2 * ${AURA_TEST_MINUTES:?make says how long a package may take})) checks=30

scripts/install-deps.sh test || exit 1
export AURA_TEST_REQUIRE_MARIADB=1 AURA_TEST_REQUIRE_CHROMIUM=1

# Names are short, because the names of sockets in these folders must be short.
work=$(mktemp -d -t stress.XXXX) && logs=$(mktemp -d -t stress-logs.XXXX) && memory=$(scripts/memory.sh) || exit 1
chmod 755 "$work" # for the database server's own user
mkdir "$work/bin"
touch "$work/results" "$work/failures"

# Every process that this script starts, directly or not, has its folder for
# temporary files in $work or $memory. end finds the processes by that.
end() {
  local pids
  # Processes end meanwhile, and grep counts that as an error.
  while pids=$(grep -Elzs -- "^TMPDIR=$1(/|\$)" /proc/[0-9]*/environ | cut -d/ -f3 || true) && [ -n "$pids" ]; do
    # shellcheck disable=SC2086 # a list
    kill -KILL $pids 2>/dev/null
    sleep 0.1
  done
}
lanes=()
trap 'exit 130' INT TERM HUP
trap 'kill "${lanes[@]}" 2>/dev/null; end "$work"; end "$memory"; rm -rf "$work" "$memory"; rmdir "$logs" 2>/dev/null' EXIT

# name PACKAGE prints the package without the common prefix, as a name that a
# file can have.
name() { sed 's|^aura.radio/engine/||; s|/|.|g' <<<"$1"; }

# The queue: packages that have tests, and their folders.
go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}} {{.Dir}}{{end}}' "${@:-work}" | grep . |
  while read -r package dir; do
    case $package in */scripts/e2e) size=-1000000000 ;; *) size=-$(cat "$dir"/*_test.go | wc -c) ;; esac
    echo "$size $package $dir"
  done | sort -n | cut -d' ' -f2- >"$work/queue"
[ -s "$work/queue" ] || { echo "no package has tests" >&2; exit 2; }
touch "$work/lock"

echo "compiling $(wc -l <"$work/queue") packages…"
go build -o "$work/testsummary" ./scripts/testsummary || exit 1
while read -r package _; do
  go test -c -o "$work/bin/$(name "$package")" "$package" || exit 1
done <"$work/queue"

# next prints the first package in the queue and removes it.
next() (
  exec 9<"$work/lock"
  flock 9
  read -r first <"$work/queue" || exit 1
  sed -i 1d "$work/queue"
  echo "$first"
)

# explain LOG PACKAGE STATUS writes a summary of a failed run, in the form that
# `make test` prints, and notes what failed.
explain() {
  local summary=${1%.log}.txt
  {
    [ "$3" -ne 124 ] || printf '\n*** Test killed after %d minutes\n' "$minutes"
    [ "$3" -le 128 ] || printf '\nsignal: %s\n' "$(kill -l $(($3 - 128)))"
    printf '\026FAIL\t%s\n' "$2" # as the go command ends the output, whatever was printed before
  } >>"$1"
  go tool test2json -t -p "$2" <"$1" | "$work/testsummary" >"$summary"
  sed -n '/^failed:$/,/^$/s/^  //p' "$summary" | sed "s|^$2:* *|$2 |" >>"$work/failures"
}

# stress CORE PACKAGE DIRECTORY runs one package as often as needed.
stress() {
  local core=$1 package=$2 dir=$3 times=$runs temporary=$memory/$1 run log flags began status result
  flags=(-test.v=test2json -test.count=1 -test.parallel="$(nproc)" -test.timeout="${minutes}m")
  case $package in */scripts/e2e) times=$e2e_runs temporary=$work/$core ;; esac
  grep -qs pgregory.net/rapid "$dir"/*_test.go && flags+=(-rapid.checks="$checks" -rapid.nofailfile)
  for run in $(seq "$times"); do
    log=$logs/$(name "$package").$run.log began=$SECONDS result=ok
    mkdir -p "$temporary"
    {
      (cd "$dir" && TMPDIR=$temporary exec timeout --signal=QUIT --kill-after=1m $((minutes + 2))m \
        taskset -c "$core" "$work/bin/$(name "$package")" "${flags[@]}") </dev/null >"$log" 2>&1
      status=$?
    } 2>/dev/null # the shell's own message about a signal
    end "$temporary"
    rm -rf "$temporary"
    if [ $status -eq 0 ]; then rm "$log"; else result=FAIL; explain "$log" "$package" $status; fi
    echo "$package $result $((SECONDS - began))" >>"$work/results"
    printf '%-4s  %-60s run %2d of %d  %5ds\n' $result "$package" "$run" "$times" $((SECONDS - began))
  done
}

lane() {
  local next
  for _ in $(seq "$loops"); do
    # The loop ends with this script, however the script ends.
    TMPDIR=$work/loop taskset -c "$1" bash -c 'while [ -e "/proc/$1" ]; do :; done' stress-loop $$ &
  done
  while next=$(next); do
    # shellcheck disable=SC2086 # a package and its folder
    stress "$1" $next
  done
}

# With job control, a lane does not ignore the interrupts that tests send.
set -m
for core in $cores; do
  taskset -c "$core" true 2>/dev/null || continue # this process may not use the core
  lane "$core" &
  lanes+=($!)
done
wait "${lanes[@]}"

echo
sort "$work/failures" | uniq -c | sort -k2,2 -k1,1nr >"$work/tests"
awk '
  FILENAME ~ /tests$/ { n = $1; package = $2; $1 = $2 = ""; tests[package] = tests[package] sprintf("    %3d x%s\n", n, substr($0, 2)); next }
  { runs[$1]++; failed[$1] += $2 == "FAIL"; if ($3 > longest[$1]) longest[$1] = $3 }
  END {
    printf "%-60s %5s %7s %9s\n", "package", "runs", "failed", "longest"
    for (package in runs) {
      printf "%-60s %5d %7d %8ds\n%s", package, runs[package], failed[package], longest[package], tests[package]
    }
  }' "$work/tests" "$work/results"
echo
if ! grep -q ' FAIL ' "$work/results"; then
  echo "$(wc -l <"$work/results") runs, none failed"
  exit 0
fi
echo "$(grep -c ' FAIL ' "$work/results") of $(wc -l <"$work/results") runs failed; their logs and summaries are in $logs"
exit 1
