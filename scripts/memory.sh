#!/usr/bin/env bash
# Makes a folder for the databases of tests, and prints its path. It is in memory
# if there is room: otherwise a disk that flushes slowly decides how long tests
# take. The caller removes it. scripts/e2e shows what depends on a disk, and does
# not use it.
set -euo pipefail
memory=/dev/shm
if [ ! -w $memory ] || [ "$(df --output=avail -m $memory | tail -n 1)" -lt 4096 ]; then
  memory=${TMPDIR:-/tmp}
fi
# The names of sockets in the folder must be short.
folder=$(mktemp -d -p "$memory" aura.XXXX)
chmod 755 "$folder" # for the database server's own user
echo "$folder"
