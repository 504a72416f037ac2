#!/usr/bin/env bash
# engine-api on an embedded database, and a simulated playout engine beside it.
# Needs no root and installs nothing. Ctrl-C ends both; the database stays in
# .run/, so the next start has the history.
#
#   scripts/run.sh [argument of scripts/enginesim…]
#   scripts/run.sh --alone        the service without the engine
#
# What AURA_… variables say holds; RUN_DIR is another place for the database.
set -euo pipefail
cd "$(dirname "$0")/.."

dir=$(realpath -m "${RUN_DIR:-.run}")
export AURA_LISTEN=${AURA_LISTEN:-127.0.0.1:8008}
export AURA_DATABASE_URL=${AURA_DATABASE_URL:-sqlite://$dir/engine-api.db}
export AURA_STATION_TIMEZONE=${AURA_STATION_TIMEZONE:-Europe/Vienna}
export AURA_HOST_ID=${AURA_HOST_ID:-1}
host=${AURA_LISTEN%:*} port=${AURA_LISTEN##*:}
case "$host" in '' | 0.0.0.0 | '[::]') host=127.0.0.1 ;; esac

if (exec 3<>"/dev/tcp/$host/$port") 2>/dev/null; then
  echo "port $port is taken: is another engine-api running? Stop it, or choose another one:" >&2
  echo "  AURA_LISTEN=127.0.0.1:8018 make run" >&2
  exit 1
fi

echo "building…"
mkdir -p "$dir"
scripts/build.sh .build engine-api
if [ "${1:-}" = --alone ]; then
  exec .build/engine-api serve
fi
CGO_ENABLED=0 go build -o .build/enginesim ./scripts/enginesim

# Each child gets a process group of its own, so that Ctrl-C reaches only this
# script and it can end them in order: first the engine, then what it logs to.
set -m
api='' engine=''
stop() {
  trap '' INT TERM HUP
  for child in $engine $api; do
    kill -TERM "$child" 2>/dev/null || true
    wait "$child" || true
  done
}
interrupted() { stop; echo "stopped; the history is in $dir"; exit 0; }
failed() { echo "$1" >&2; stop; exit 1; }
trap interrupted INT TERM HUP

log=$dir/engine-api.log
.build/engine-api serve >"$log" 2>&1 &
api=$!

ready() {
  local answer
  exec 3<>"/dev/tcp/$host/$port" || return 1
  printf 'GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
  read -r -t 5 answer <&3 || answer=
  exec 3>&-
  [[ $answer == *" 200 "* ]]
}
deadline=$((SECONDS + 30))
until ready 2>/dev/null; do
  kill -0 "$api" 2>/dev/null || failed "engine-api did not start: $(tail -n 20 "$log")"
  [ $SECONDS -lt $deadline ] || failed "engine-api is not ready after 30 s: $(tail -n 20 "$log")"
  sleep 0.1
done
echo "engine-api is ready; its log is $log"

.build/enginesim -api "http://$host:$port" -source "$AURA_HOST_ID" -zone "$AURA_STATION_TIMEZONE" -speed 3600 "$@" &
engine=$!

# Until one of them ends; with -once the engine does, and all is well.
wait -n "$engine" "$api" && ended=0 || ended=$?
kill -0 "$api" 2>/dev/null || failed "engine-api ended: $(tail -n 20 "$log")"
[ "$ended" -eq 0 ] || failed "the simulated engine failed"
stop
