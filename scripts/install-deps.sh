#!/usr/bin/env bash
# Installs the Debian packages that the named job needs and this machine lacks.
#
#   scripts/install-deps.sh test     what `make test` needs
#   scripts/install-deps.sh bench    what `make bench` needs in addition
#   scripts/install-deps.sh docker   what tests in Docker's containers need, which
#                                    `test` includes, and
#   scripts/install-deps.sh podman   in Podman's, which `make soak` runs
#   scripts/install-deps.sh soak     what else `make soak` needs: shells, a checker
#                                    of packages, and an emulator of arm64
#
# If everything is there already, it does nothing and needs no root.
set -euo pipefail

# Each entry is PROGRAM:PACKAGE. The program, or a file, proves that the Debian
# package is installed. The race detector needs the compiler.
docker_needs=(dockerd:docker.io docker-compose:docker-compose docker-registry:docker-registry iptables:iptables)
podman_needs=(podman:podman crun:crun /usr/lib/podman/netavark:netavark /usr/lib/podman/aardvark-dns:aardvark-dns
  catatonit:catatonit newuidmap:uidmap slirp4netns:slirp4netns docker-compose:docker-compose docker-registry:docker-registry iptables:iptables)
test_needs=("${docker_needs[@]}" gcc:build-essential git:git curl:curl nginx:nginx-light caddy:caddy mariadbd:mariadb-server chromium:chromium systemctl:systemd dbus-daemon:dbus ip:iproute2 sqlite3:sqlite3 openssl:openssl pdftotext:poppler-utils)
soak_needs=("${podman_needs[@]}" zsh:zsh fish:fish /usr/share/bash-completion/bash_completion:bash-completion lintian:lintian qemu-aarch64-static:qemu-user-static)
bench_needs=("${test_needs[@]}" wrk:wrk)

case "${1:-}" in
  test) needs=("${test_needs[@]}") ;;
  bench) needs=("${bench_needs[@]}") ;;
  docker) needs=("${docker_needs[@]}") ;;
  podman) needs=("${podman_needs[@]}") ;;
  soak) needs=("${soak_needs[@]}") ;;
  *) echo "usage: $0 test|bench|docker|podman|soak" >&2; exit 2 ;;
esac

missing=()
for need in "${needs[@]}"; do
  program=${need%%:*}
  case $program in /*) [ ! -e "$program" ] || continue ;; esac
  PATH="$PATH:/usr/sbin:/sbin" command -v "$program" >/dev/null || missing+=("${need##*:}")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "missing packages: ${missing[*]}; install them as root" >&2; exit 1; }
  as_root=(sudo)
fi
if ! command -v apt-get >/dev/null; then
  echo "missing: ${missing[*]} (Debian's names); install them with this system's own package manager" >&2
  exit 1
fi

# Packages with a server would start it, but tests start private processes of
# their own. A policy that exists already belongs to the machine and stays.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi
echo "installing: ${missing[*]}" >&2
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
