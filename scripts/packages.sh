#!/usr/bin/env bash
# Builds Debian packages of services, each with the version of its own tag. The
# same commit makes the same bytes.
#
#   scripts/packages.sh DIRECTORY "ARCHITECTURE…" SERVICE…
#
# PROGRAMS is a folder with programs of this machine's architecture that were built
# before; without it they are built.
set -euo pipefail
out=$(realpath -m "$1") architectures=$2; shift 2
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
nfpm=$(GOWORK=off go -C scripts/nfpm tool -n nfpm)
here=$(go env GOHOSTARCH)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH

# stage writes what everybody needs and the program of this machine can tell.
stage() {
  local service=$1 program=$work/$here/$1 share=$work/$1/share
  mkdir -p "$share"/{man/man8,bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d,doc/aura-"$service"}
  "$program" manual | gzip -9n >"$share/man/man8/$service.8.gz"
  echo ".so man8/$service.8" | gzip -9n >"$share/man/man8/aura-$service.8.gz"
  gzip -9n <CHANGELOG.md >"$share/doc/aura-$service/CHANGELOG.md.gz"
  changes "$service" | gzip -9n >"$share/doc/aura-$service/changelog.gz"
  "$program" completion bash >"$share/bash-completion/completions/$service"
  "$program" completion zsh >"$share/zsh/vendor-completions/_$service"
  "$program" completion fish >"$share/fish/vendor_completions.d/$service.fish"
  chmod -R u=rwX,go=rX "$share"
}

# changes is a changelog in Debian's form, for its tools.
changes() {
  local version
  version=$(scripts/version.sh "$1")
  printf 'aura-%s (%s) stable; urgency=medium\n\n  * CHANGELOG.md.gz has the notes of this version.\n\n -- %s  %s\n' \
    "$1" "${version//-/\~}" "$(sed -n 's/^maintainer: //p' deploy/debian/nfpm.yaml)" "$(LC_ALL=C date -uRd "@$SOURCE_DATE_EPOCH")"
}

for service in "$@"; do
  if [ -n "${PROGRAMS:-}" ]; then
    install -D "$PROGRAMS/$service" "$work/$here/$service"
  else
    GOARCH=$here scripts/build.sh "$work/$here" "$service"
  fi
  stage "$service"
  rm -f "$out/aura-${service}_"*.deb
  for arch in $architectures; do
    [ "$arch" = "$here" ] || GOARCH=$arch scripts/build.sh "$work/$arch" "$service"
    cp "$work/$arch/$service" "$work/$service/program"
    SERVICE=$service ARCH=$arch STAGED=$work/$service VERSION=$(scripts/version.sh "$service") \
      DESCRIPTION=$("$work/$here/$service" --help | head -n 1) \
      "$nfpm" package --config deploy/debian/nfpm.yaml --packager deb --target "$out/"
  done
done
