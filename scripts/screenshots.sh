#!/usr/bin/env bash
# Writes pictures of the pages to .build/screenshots: of a station that runs in a
# folder of its own, on ports of its own. Needs chromium.
#
#   scripts/screenshots.sh [page…]
set -euo pipefail
cd "$(dirname "$0")/.."

command -v chromium >/dev/null || scripts/install-deps.sh test
RUN_DIR=$(mktemp -d)
export RUN_DIR NODE0_STATION_NAME=${NODE0_STATION_NAME:-Radio Beispiel}
# Ports that nobody uses now.
read -r -a port < <(go run ./scripts/screenshots -ports 7)
export NODE0_LISTEN=127.0.0.1:${port[0]} NODE1_LISTEN=127.0.0.1:${port[1]} NODE2_LISTEN=127.0.0.1:${port[2]} NODE3_LISTEN=127.0.0.1:${port[3]}
export NODE3_HEARTBEAT_LISTEN=127.0.0.1:${port[4]} NODE3_SOURCE_1=127.0.0.1:${port[5]} NODE3_SOURCE_2=127.0.0.1:${port[6]}
scripts/run.sh >"$RUN_DIR/log" 2>&1 &
station=$!
trap 'kill "$station" 2>/dev/null || true; wait "$station" 2>/dev/null || true; rm -rf "$RUN_DIR"' EXIT
until curl -fs "http://$NODE0_LISTEN/readyz" >/dev/null; do
  kill -0 "$station" 2>/dev/null || { cat "$RUN_DIR/log" >&2; exit 1; }
  sleep 0.5
done
today=$(TZ=Europe/Vienna date +%F)
if [ $# -eq 0 ]; then
  set -- / "/day/$today" /at "/at?time=${today}T00:10" "/?lang=de" /top "/search?q=ma" /clock /status /no-such-page
fi
go run ./scripts/screenshots -url "http://$NODE0_LISTEN" -out .build/screenshots "$@"
