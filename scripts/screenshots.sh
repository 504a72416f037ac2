#!/usr/bin/env bash
# Writes pictures of the pages to .build/screenshots: of stations that run in a folder
# of their own, on ports of their own. Needs chromium.
#
#   scripts/screenshots.sh           everything: full (a station that plays), failing
#                                    (its engines and monitor are away, and people have
#                                    to sign in) and empty (a new single deployment)
#   scripts/screenshots.sh page…     these pages of the station that plays
set -euo pipefail
cd "$(dirname "$0")/.."

command -v chromium >/dev/null || scripts/install-deps.sh test
RUN_DIR=$(mktemp -d)
export RUN_DIR NODE0_STATION_NAME=${NODE0_STATION_NAME:-Radio Beispiel} NODE1_STATION_NAME=${NODE1_STATION_NAME:-Radio Beispiel}
export NODE0_SOURCE_NAMES="1=Engine A,2=Engine B,3=Studio line"
mkdir -p .build
CGO_ENABLED=0 go build -o .build/screenshots-of ./scripts/screenshots
# Ports that nobody uses now.
read -r -a port < <(.build/screenshots-of -ports 7)
export NODE0_LISTEN=127.0.0.1:${port[0]} NODE1_LISTEN=127.0.0.1:${port[1]} NODE2_LISTEN=127.0.0.1:${port[2]} NODE3_LISTEN=127.0.0.1:${port[3]}
export NODE3_HEARTBEAT_LISTEN=127.0.0.1:${port[4]} NODE3_SOURCE_1=127.0.0.1:${port[5]} NODE3_SOURCE_2=127.0.0.1:${port[6]}
station=
end() {
  kill "$station" 2>/dev/null || true
  wait "$station" 2>/dev/null || true
}
trap 'end; rm -rf "$RUN_DIR"' EXIT

# begin URL [argument of run.sh…] runs a station, and waits until it is ready.
begin() {
  local url=$1
  shift
  scripts/run.sh "$@" >"$RUN_DIR/log" 2>&1 &
  station=$!
  until curl -fs "$url/readyz" >/dev/null; do
    kill -0 "$station" 2>/dev/null || { cat "$RUN_DIR/log" >&2; exit 1; }
    sleep 0.5
  done
}

# take STATE URL page… takes the pictures.
take() { .build/screenshots-of -url "$2" -out ".build/screenshots/$1" "${@:3}"; }

# first NAME URL prints the first member of that name.
first() { curl -fsS "$2" | grep -o "\"$1\": *\"\?[^,\"]*" | head -n 1 | sed 's/.*[:" ]//' || true; }

url=http://$NODE0_LISTEN
begin "$url" -longest 0 -start -26h
# The engines have told their past when they play in real time.
until [ "$(curl -fs "$url/api/v1/trackservice/current" -o /dev/null -w '%{http_code}')" = 200 ]; do sleep 0.5; done
.build/screenshots-of -url "$url" -past "http://$NODE1_LISTEN"
today=$(TZ=Europe/Vienna date +%F)
if [ $# -gt 0 ]; then
  take full "$url" "$@"
  exit
fi
title=$(first title_id "$url/api/v1/titles?q=a")
entry=$(first id "$url/api/v1/playlog?limit=1&source=all")
of=${today}T
why='document.getElementById("by").value = "Ben Beispiel"; document.getElementById("reason").value = "heard it on air"'
take full "$url" / "/day/$today" /at "at-found|/at?time=${of}00:10|" "title|/title/$title|" /top "/search?q=ma" \
  /clock "/clock?face=digital&hours=12" "/clock?face=analogue&color=%231f7a3d" "/clock?scale=150" /status "status-open|/status|document.querySelectorAll('details').forEach(d => { d.open = true })" \
  /reports "correct|/correct/day/$today|" "correct-entry|/correct/entry/$entry|" \
  "correct-amend|/correct/entry/$entry|document.getElementById('track_title').value = 'Blue Flower'; $why; document.querySelector('[value=amend]').click()" \
  "correct-void|/correct/entry/$entry|$why; document.querySelector('[value=void]').click()" \
  /correct/missed "correct-shift|/correct/shift?from=${of}00:00&to=${of}01:00&source=1|" \
  "correct-shift-preview|/correct/shift?from=${of}00:00&to=${of}01:00&source=1|document.getElementById('by_length').value = '0:30'; $why; document.querySelector('main form button').click()" \
  /embed "/embed?kind=last&way=frame" /embed/now "/embed/last?limit=5" /no-such-page "refused|/clock?face=round|"
end

NODE0_LOCAL_NEEDS_TOKEN=true NODE0_API_TOKENS=ann:admin:of-the-pictures-0123456789 begin "$url" --only 0
.build/screenshots-of -url "$url" -now -token of-the-pictures-0123456789
take failing "$url" / /embed/now /clock /status "signin-refused|/signin?next=/status|document.getElementById('token').value = 'wrong'; document.querySelector('main form').submit()" \
  "status-signed-in|/signin?next=/status|document.getElementById('token').value = 'of-the-pictures-0123456789'; document.querySelector('main form').submit()" \
  "correct-refused|/correct/missed|document.getElementById('track_start').value = 'yesterday'; $why; document.querySelector('main form').noValidate = true; document.querySelector('main form button').click()"
end

rm -f "$RUN_DIR"/engine-api*
url=http://$NODE1_LISTEN
begin "$url" --single
take empty "$url" / "/day/$today" "at-found|/at?time=${of}00:10|" /top "/search?q=ma" /clock /status /reports "correct|/correct/day/$today|" /embed /embed/now /embed/last
