#!/usr/bin/env bash
# Builds, publishes and tries the images of the services, with Docker or Podman,
# whichever is there.
#
#   scripts/images.sh names    prints the names of the images
#   scripts/images.sh files    fills IMAGES with what goes into the images
#   scripts/images.sh build    does that, and builds the images
#   scripts/images.sh push     publishes them, with one name for all architectures
#   scripts/images.sh run      runs engine-api in a container, on this machine's
#                              own network, until Ctrl-C
#
# REGISTRY is the prefix of the images' names, such as registry.example/aura
# (aura). VERSION is their tag, by default each service's own version. ARCHS are
# the architectures ("amd64 arm64"), SERVICES the services, ENGINE is docker or
# podman, IMAGES the folder of what goes into the images (.build/images).
# OPTIONS go to the engine's build.
# PROGRAMS is a folder of programs of this machine's architecture that are built
# already.
#
# The same commit always gives the same files, with the time of the commit,
# wherever it is built by the same Go.
set -euo pipefail
cd "$(dirname "$0")/.."
registry=${REGISTRY:-aura}
services=${SERVICES:-engine-api sync-node status-monitor}
archs=${ARCHS:-amd64 arm64}
images=$(realpath -m "${IMAGES:-.build/images}")
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH

engine=${ENGINE:-}
if [ -z "$engine" ]; then
  for engine in docker podman ''; do ! command -v "$engine" >/dev/null || break; done
fi

# tag SERVICE prints the tag of an image: a version may hold a plus, a tag may not.
tag() {
  local version
  version=$(scripts/version.sh "$1")
  echo "${version//+/-}"
}

# name prints how the image of a service is called.
name() { echo "$registry/$1:$(tag "$1")"; }

names() {
  local service
  for service in $services; do name "$service"; done
}

# files makes an archive for each image. The state belongs to the user of AURA's
# containers, everything else to root.
files() {
  local arch service root documents archive
  rm -rf "$images"
  for arch in $archs; do
    for service in $services; do
      root=$images/$arch/$service documents=$images/$arch/$service/usr/share/doc/$service archive=$images/$arch/$service.tar
      mkdir -p "$root/etc/ssl/certs" "$root/var/lib/aura" "$documents"
      if [ -n "${PROGRAMS:-}" ]; then
        install -D "$PROGRAMS/$service" "$root/usr/bin/$service"
      else
        GOFLAGS="${GOFLAGS:-} -trimpath" GOOS=linux GOARCH=$arch scripts/build.sh "$root/usr/bin" "$service"
      fi
      go run ./scripts/roots >"$root/etc/ssl/certs/ca-certificates.crt"
      go run ./scripts/sbom -version "$(scripts/version.sh "$service")" "$root/usr/bin/$service" >"$documents/$service.spdx.json"
      cp LICENSE "$documents/copyright"
      echo "aura-$service:x:872:" >"$root/etc/group" # setup gives it the secrets to read
      chmod -R u=rwX,go=rX "$root"
      pack --create --owner=0 --group=0 --exclude=var/lib/aura etc usr var
      chmod 700 "$root/var/lib/aura"
      pack --append --owner=872 --group=872 var/lib/aura
      rm -rf "$root"
    done
  done
}

# pack runs tar in $root so that the result depends on the files alone.
pack() {
  tar --file="$archive" --directory="$root" --sort=name --format=ustar --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" "$@"
}

# build also names the image of this machine's architecture by its tag alone and
# as the latest, so that it can be run without being published. An image has the
# time of the commit, if Docker knows SOURCE_DATE_EPOCH.
build() {
  local arch service name label=org.opencontainers.image options
  for service in $services; do
    name=$(name "$service")
    options=(--target "$service" --file deploy/docker/Dockerfile --build-arg SOURCE_DATE_EPOCH
      --label "$label.title=$service" --label "$label.description=AURA Engine API: $service" --label "$label.licenses=Apache-2.0"
      --label "$label.version=$(tag "$service")" --label "$label.revision=$(git rev-parse HEAD 2>/dev/null || true)")
    [ "$engine" != podman ] || options+=(--timestamp "$SOURCE_DATE_EPOCH" --format docker) # OCI has no health check
    for arch in $archs; do
      DOCKER_BUILDKIT=1 "$engine" build --quiet "${options[@]}" --platform "linux/$arch" --build-arg TARGETARCH="$arch" \
        ${OPTIONS:-} --tag "$name-$arch" "$images" >/dev/null
      if [ "$arch" = "$(go env GOHOSTARCH)" ]; then
        "$engine" tag "$name-$arch" "$name"
        "$engine" tag "$name-$arch" "$registry/$service:latest"
      fi
    done
    echo "$name"
  done
}

push() {
  local arch service name parts insecure=
  case $registry in # as with push, Docker takes a registry on this machine without TLS
    127.* | localhost[:/]*) insecure=--insecure ;;
  esac
  for service in $services; do
    name=$(name "$service") parts=()
    for arch in $archs; do
      "$engine" push --quiet "$name-$arch"
      parts+=("$name-$arch")
    done
    # The name of all architectures replaces that of this machine's.
    "$engine" rmi "$name" >/dev/null 2>&1 || true
    "$engine" manifest rm "$name" >/dev/null 2>&1 || true
    if [ "$engine" = podman ]; then
      podman manifest create "$name" "${parts[@]}" >/dev/null
      podman manifest push --quiet --all "$name" "docker://$name"
    else
      docker manifest create $insecure "$name" "${parts[@]}" >/dev/null
      docker manifest push $insecure --purge "$name" >/dev/null
    fi
    echo "$name"
  done
}

# On the machine's own network, so that the engine on this machine needs no token.
run() {
  local terminal=()
  [ ! -t 0 ] || terminal=(--interactive --tty)
  exec "$engine" run --rm "${terminal[@]}" --name engine-api --network host --read-only --cap-drop all \
    --security-opt no-new-privileges --stop-timeout 15 --volume engine-api:/var/lib/aura \
    --env AURA_LISTEN="${AURA_LISTEN:-127.0.0.1:8008}" --env AURA_STATION_TIMEZONE="${AURA_STATION_TIMEZONE:-Europe/Vienna}" \
    "$(name engine-api)"
}

case ${1:-} in
  names | files) "$1"; exit ;;
  build | push | run) ;;
  *) sed -n '/^#   /s/^# //p' "$0" >&2; exit 2 ;;
esac
[ -n "$engine" ] || { echo "neither docker nor podman is installed" >&2; exit 1; }
[ "$1" != build ] || files
"$1"
