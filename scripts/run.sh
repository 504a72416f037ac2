#!/usr/bin/env bash
# Runs a whole redundant deployment on this machine: the sync node, two
# engine-apis, the status monitor and two simulated engines. Engine 1 speaks as
# engines do since 2025, engine 2 as those of 2020. One of the engines fails after
# a while, so that the monitor switches the source and the on-air log follows.
# Needs no root and installs nothing. Ctrl-C ends all of it in order. The
# databases stay in .run/, so the next start has the history.
#
#   scripts/run.sh [argument of scripts/enginesim…]
#   scripts/run.sh --stop 1     crashes engine 1 of the deployment that runs; --start 1
#                               brings it back
#   scripts/run.sh --only 0     the sync node alone; 1, 2: that engine-api alone; 3: the
#                               status monitor alone
#   scripts/run.sh --single     an engine-api without a sync node, alone
#
# AURA_… variables apply to all services, NODE0_… to the sync node only, NODE1_…
# and NODE2_… to one engine-api, and NODE3_… to the status monitor. For example,
# NODE2_LISTEN=127.0.0.1:8019 is AURA_LISTEN of the second engine-api. The
# engines' heartbeats go where the monitor expects them: from NODE3_SOURCE_1 and
# NODE3_SOURCE_2 to NODE3_HEARTBEAT_LISTEN, every NODE3_HEARTBEAT_INTERVAL.
# An engine of 2025 would send no heartbeats; here both do, because the monitor
# watches nothing else.
# RUN_DIR is another folder for databases and logs.
set -euo pipefail
cd "$(dirname "$0")/.."

dir=$(realpath -m "${RUN_DIR:-.run}")
socket=$(realpath -m --relative-to=. "$dir")/enginesim.sock # a short name, because it may have at most 107 bytes
service=(sync-node engine-api engine-api status-monitor)
name=(sync-node engine-api-1 engine-api-2 status-monitor)

# AURA_… variables that concern only one service belong to engine-api 1, as they
# did before there were more services.
NODE1_LISTEN=${NODE1_LISTEN:-${AURA_LISTEN:-127.0.0.1:8008}}
NODE1_DATABASE_URL=${NODE1_DATABASE_URL:-${AURA_DATABASE_URL:-}}
unset AURA_LISTEN AURA_DATABASE_URL AURA_HOST_ID
zone=${AURA_STATION_TIMEZONE:-Europe/Vienna}
unset AURA_STATION_TIMEZONE # the monitor has no time zone
listen=("${NODE0_LISTEN:-127.0.0.1:8010}" "$NODE1_LISTEN" "${NODE2_LISTEN:-127.0.0.1:8009}" "${NODE3_LISTEN:-127.0.0.1:8011}")

# Both engines send from this host, so the monitor tells them apart by their
# ports. The hold is shorter than the monitor's own 30s, so that people can
# watch it.
NODE3_HEARTBEAT_LISTEN=${NODE3_HEARTBEAT_LISTEN:-127.0.0.1:43334}
NODE3_HEARTBEAT_INTERVAL=${NODE3_HEARTBEAT_INTERVAL:-1s}
NODE3_SOURCE_1=${NODE3_SOURCE_1:-127.0.0.1:43341}
NODE3_SOURCE_2=${NODE3_SOURCE_2:-127.0.0.1:43342}
NODE3_RECOVERY_HOLD=${NODE3_RECOVERY_HOLD:-15s}
interval=$NODE3_HEARTBEAT_INTERVAL
[[ $interval == *[!0-9.]* ]] || interval+=s # the monitor also takes plain seconds

# reached ADDRESS prints the address at which programs on this machine reach a
# service that listens at ADDRESS.
reached() {
  case "${1%:*}" in
    '' | 0.0.0.0 | '[::]') echo "127.0.0.1:${1##*:}" ;;
    *) echo "$1" ;;
  esac
}
url=()
for n in 0 1 2 3; do url[n]=http://$(reached "${listen[n]}"); done

# settings N prints the environment of a service, one setting a line. The
# defaults come first, and then the settings from NODEn_…, which take
# precedence.
settings() {
  local n=$1 variable
  echo "AURA_LISTEN=${listen[n]}"
  echo "AURA_DATABASE_URL=sqlite://$dir/${name[n]}.db"
  if [ "$n" -ne 3 ]; then
    echo "AURA_HOST_ID=$n"
    echo "AURA_STATION_TIMEZONE=$zone"
  fi
  if [ "$n" -eq 0 ] || [ "$n" -eq 3 ]; then
    echo "AURA_MAIN_HOST_1=${url[1]}"
    echo "AURA_MAIN_HOST_2=${url[2]}"
  fi
  if [ "$n" -eq 0 ]; then
    echo "AURA_MONITORS=${url[3]}"
  fi
  if [ "$n" -ne 0 ] && [ "${single:-}" != 1 ]; then
    echo "AURA_SYNC_HOST=${url[0]}"
  fi
  for variable in $(compgen -v "NODE${n}_"); do
    [ -z "${!variable}" ] || echo "AURA_${variable#NODE"${n}"_}=${!variable}"
  done
}

# connect N opens a connection to a service, as file descriptor 3.
connect() {
  local address=${url[$1]#http://}
  exec 3<>"/dev/tcp/${address%:*}/${address##*:}"
}

free() {
  local n=$1 port=${listen[$1]##*:}
  if (connect "$n") 2>/dev/null; then
    echo "port $port is taken: is another ${service[n]} running? Stop it, or choose another port:" >&2
    echo "  NODE${n}_LISTEN=127.0.0.1:$((port + 10)) $again" >&2
    exit 1
  fi
}

alone() {
  local n=$1 environment
  free "$n"
  mkdir -p "$dir"
  scripts/build.sh .build "${service[n]}"
  mapfile -t environment < <(settings "$n")
  exec env "${environment[@]}" ".build/${service[n]}" serve
}

# order stop|start ENGINE sends an order to the running engines.
order() {
  if ! [ -S "$socket" ]; then
    echo "make run is not running: there is no $dir/enginesim.sock" >&2
    exit 1
  fi
  exec .build/enginesim -control "$socket" "$@"
}

again="make run"
case "${1:-}" in
  --stop | --start) order "${1#--}" "${2:?the number of an engine is missing}" ;;
  --only) again="make api-test-$2"; alone "$2" ;;
  --single) again="make api-dev"; single=1; alone 1 ;;
esac

for n in 0 1 2 3; do free "$n"; done
echo "building…"
mkdir -p "$dir"
scripts/build.sh .build sync-node engine-api status-monitor
CGO_ENABLED=0 go build -o .build/enginesim ./scripts/enginesim

# Each child gets a process group of its own. So Ctrl-C reaches only this
# script, and the script can end the children in order: the engines, the monitor
# that watches them, the engine-apis that they log to, and the sync node that
# those report to.
set -m
pid=('' '' '' '') engines=''
stop() {
  trap '' INT TERM HUP
  local child
  for child in $engines ${pid[3]} ${pid[1]} ${pid[2]} ${pid[0]}; do
    kill -TERM "$child" 2>/dev/null || true
    wait "$child" || true
  done
}
interrupted() { stop; echo "stopped; the history is in $dir"; exit 0; }
failed() { echo "$1" >&2; stop; exit 1; }
trap interrupted INT TERM HUP

ready() {
  local answer
  connect "$1" || return 1
  printf 'GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
  read -r -t 5 answer <&3 || answer=
  exec 3>&-
  [[ $answer == *" 200 "* ]]
}

start() {
  local n=$1 log=$dir/${name[$1]}.log deadline=$((SECONDS + 30)) environment
  mapfile -t environment < <(settings "$n")
  env "${environment[@]}" ".build/${service[n]}" serve >"$log" 2>&1 &
  pid[n]=$!
  until ready "$n" 2>/dev/null; do
    kill -0 "${pid[n]}" 2>/dev/null || failed "${name[n]} did not start: $(tail -n 20 "$log")"
    [ $SECONDS -lt $deadline ] || failed "${name[n]} is not ready after 30 s: $(tail -n 20 "$log")"
    sleep 0.1
  done
  printf '%-14s %s   log: %s\n' "${name[n]}" "${url[n]}" "$log"
}
# The sync node starts after the engine-apis, because it compares itself with
# them at once. The monitor starts last, because it asks all of them.
for n in 1 2 0 3; do start "$n"; done

make=make
[ -z "${RUN_DIR:-}" ] || printf -v make 'RUN_DIR=%q make' "$RUN_DIR"
cat <<TRY

Pages: ${url[0]}/  studio clock: ${url[0]}/clock  status: ${url[0]}/status

What the website reads, from the sync node; to try in another terminal:
  curl ${url[0]}/api/v1/trackservice/current
  curl '${url[0]}/api/v1/trackservice?page=0&limit=3'
  curl -N ${url[0]}/api/v1/trackservice/stream
  curl ${url[0]}/api/v1/report/$(TZ=$zone date +%Y-%m)
  curl ${url[0]}/api/v1/source/history
  curl -X PUT '${url[0]}/api/v1/source/active/2?pin=true'
  ${url[0]}/api/v1/ui/

The monitor decides which engine is on air. Crash one, and the other is activated
within seconds; bring it back, and it is held for $NODE3_RECOVERY_HOLD before it counts as up,
and twice as long where it fails again soon:
  $make stop-engine-1
  $make start-engine-1
  curl ${url[3]}/status

TRY
.build/enginesim -station "${url[0]}" -api "${url[1]},${url[2]}" -monitor "${url[3]}" -control "$socket" \
  -heartbeat "$(reached "$NODE3_HEARTBEAT_LISTEN")" -heartbeat-from "$NODE3_SOURCE_1,$NODE3_SOURCE_2" \
  -heartbeat-interval "$interval" -wire 2025,2020 -logs "$dir" -zone "$zone" \
  -start -2h -speed 100000 -longest 15s "$@" &
engines=$!

# Waits until one of the processes ends. With -once the engines end, and all is
# well.
wait -n "$engines" "${pid[@]}" && ended=0 || ended=$?
for n in 0 1 2 3; do
  kill -0 "${pid[n]}" 2>/dev/null || failed "${name[n]} ended: $(tail -n 20 "$dir/${name[n]}.log")"
done
[ "$ended" -eq 0 ] || failed "the simulated engines failed"
stop
