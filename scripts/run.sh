#!/usr/bin/env bash
# A whole redundant deployment on this machine: the sync node, two engine-apis,
# and two simulated engines, of which one fails after a while, so that the source
# is switched and the on-air log follows. Needs no root and installs nothing.
# Ctrl-C ends all of it in order; the databases stay in .run/, so the next start
# has the history.
#
#   scripts/run.sh [argument of scripts/enginesim…]
#   scripts/run.sh --only 0     the sync node alone; 1, 2: that engine-api alone
#   scripts/run.sh --single     an engine-api without a sync node, alone
#
# AURA_… variables hold for all three services, NODE0_… for the sync node only,
# NODE1_… and NODE2_… for one engine-api: NODE2_LISTEN=127.0.0.1:8019 is
# AURA_LISTEN of the second. RUN_DIR is another place for databases and logs.
set -euo pipefail
cd "$(dirname "$0")/.."

dir=$(realpath -m "${RUN_DIR:-.run}")
service=(sync-node engine-api engine-api)
name=(sync-node engine-api-1 engine-api-2)

# What concerns one service only was for engine-api 1 before there were three.
NODE1_LISTEN=${NODE1_LISTEN:-${AURA_LISTEN:-127.0.0.1:8008}}
NODE1_DATABASE_URL=${NODE1_DATABASE_URL:-${AURA_DATABASE_URL:-}}
unset AURA_LISTEN AURA_DATABASE_URL AURA_HOST_ID
listen=("${NODE0_LISTEN:-127.0.0.1:8010}" "$NODE1_LISTEN" "${NODE2_LISTEN:-127.0.0.1:8009}")
export AURA_STATION_TIMEZONE=${AURA_STATION_TIMEZONE:-Europe/Vienna}

# Where programs on this machine reach what listens there.
host=() port=() url=()
for n in 0 1 2; do
  host[n]=${listen[n]%:*} port[n]=${listen[n]##*:}
  case "${host[n]}" in '' | 0.0.0.0 | '[::]') host[n]=127.0.0.1 ;; esac
  url[n]=http://${host[n]}:${port[n]}
done

# settings N prints the environment of a service, one setting a line: what goes
# by itself, and after it what NODEn_… says, which prevails.
settings() {
  local n=$1 variable
  echo "AURA_LISTEN=${listen[n]}"
  echo "AURA_DATABASE_URL=sqlite://$dir/${name[n]}.db"
  echo "AURA_HOST_ID=$n"
  if [ "$n" -eq 0 ]; then
    echo "AURA_MAIN_HOST_1=${url[1]}"
    echo "AURA_MAIN_HOST_2=${url[2]}"
  elif [ "${single:-}" != 1 ]; then
    echo "AURA_SYNC_HOST=${url[0]}"
  fi
  for variable in $(compgen -v "NODE${n}_"); do
    [ -z "${!variable}" ] || echo "AURA_${variable#NODE"${n}"_}=${!variable}"
  done
}

free() {
  local n=$1 other=$((port[$1] + 10))
  if (exec 3<>"/dev/tcp/${host[n]}/${port[n]}") 2>/dev/null; then
    echo "port ${port[n]} is taken: is another ${service[n]} running? Stop it, or choose another port:" >&2
    echo "  NODE${n}_LISTEN=127.0.0.1:$other $again" >&2
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

again="make run"
case "${1:-}" in
  --only) again="make api-test-$2"; alone "$2" ;;
  --single) again="make api-dev"; single=1; alone 1 ;;
esac

for n in 0 1 2; do free "$n"; done
echo "building…"
mkdir -p "$dir"
scripts/build.sh .build sync-node engine-api
CGO_ENABLED=0 go build -o .build/enginesim ./scripts/enginesim

# Each child gets a process group of its own, so that Ctrl-C reaches only this
# script and it can end them in order: first the engines, then what they log to,
# then what that reports to.
set -m
pid=('' '' '') engines=''
stop() {
  trap '' INT TERM HUP
  local child
  for child in $engines ${pid[1]} ${pid[2]} ${pid[0]}; do
    kill -TERM "$child" 2>/dev/null || true
    wait "$child" || true
  done
}
interrupted() { stop; echo "stopped; the history is in $dir"; exit 0; }
failed() { echo "$1" >&2; stop; exit 1; }
trap interrupted INT TERM HUP

ready() {
  local answer
  exec 3<>"/dev/tcp/${host[$1]}/${port[$1]}" || return 1
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
  printf '%-13s %s   log: %s\n' "${name[n]}" "${url[n]}" "$log"
}
# The sync node last: it compares itself with the others at once.
for n in 1 2 0; do start "$n"; done

cat <<TRY

What the website reads, from the sync node; to try in another terminal:
  curl ${url[0]}/api/v1/trackservice/current
  curl '${url[0]}/api/v1/trackservice?page=0&limit=3'
  curl -N ${url[0]}/api/v1/trackservice/stream
  curl ${url[0]}/api/v1/report/$(TZ=$AURA_STATION_TIMEZONE date +%Y-%m)
  curl ${url[0]}/api/v1/source/history
  curl -X PUT '${url[0]}/api/v1/source/active/2?pin=true'
  ${url[0]}/api/v1/ui/

TRY
.build/enginesim -station "${url[0]}" -api "${url[1]},${url[2]}" -logs "$dir" -zone "$AURA_STATION_TIMEZONE" \
  -start -2h -speed 100000 -longest 15s "$@" &
engines=$!

# Until one of them ends; with -once the engines do, and all is well.
wait -n "$engines" "${pid[@]}" && ended=0 || ended=$?
for n in 0 1 2; do
  kill -0 "${pid[n]}" 2>/dev/null || failed "${name[n]} ended: $(tail -n 20 "$dir/${name[n]}.log")"
done
[ "$ended" -eq 0 ] || failed "the simulated engines failed"
stop
