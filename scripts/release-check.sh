#!/usr/bin/env bash
# Tells whether this commit can be released. Of each service, CHANGELOG.md says which
# version comes next: that of the first heading with the service's name. In a copy of
# the commit, with the tags that a release gets, the script builds each service alone
# and the packages for all architectures. Nothing is tagged here; the last lines are
# the commands that do so.
#
#   scripts/release-check.sh [DIRECTORY]    the packages go to DIRECTORY
#
# A service that was released already, and has not changed since, needs no new
# version.
set -euo pipefail
out=${1:+$(realpath -m "$1")}
cd "$(dirname "$0")/.."
unset VERSION REGISTRY # versions come from tags
services="engine-api sync-node status-monitor"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=

fail() {
  echo "not ready: $*" >&2
  failed=1
}

# noted prints the version of a service that the changelog has first.
noted() { sed -nE "s/^### $1 ([0-9]+\.[0-9]+\.[0-9]+)$/\1/p" CHANGELOG.md | head -n 1; }

# same fails unless both words are equal.
same() { [ "$2" = "$3" ] || fail "$1 is $2, want $3"; }

[ -z "$(git status --porcelain)" ] || fail "there are changes that are not committed"
[ -z "$(sed '1,/^## Unreleased$/d; /^## /,$d' CHANGELOG.md | grep '^- ')" ] || fail "CHANGELOG.md has notes of no version, under Unreleased"

due=()
for service in $services; do
  version=$(noted "$service") tag=services/$service/v$version
  last=$(git tag --list "services/$service/v*" | sort -V | tail -n 1)
  if [ -z "$version" ]; then
    fail "CHANGELOG.md has no version of $service"
  elif [ "$last" = "$tag" ]; then
    git diff --quiet "$tag" HEAD -- "services/$service" pkg migrations deploy || fail "$service changed since $tag, and CHANGELOG.md has no new version"
  elif [ "$(printf '%s\n' "$last" "$tag" | sort -V | tail -n 1)" != "$tag" ]; then
    fail "$service $version comes after ${last##*/v}"
  else
    due+=("$service")
  fi
done
[ -z "$failed" ] || exit 1
[ ${#due[@]} -gt 0 ] || { echo "all is released"; exit; }

git clone --quiet --shared . "$work/tree"
: "${out:=$work/packages}"
for service in "${due[@]}"; do
  git -C "$work/tree" tag "services/$service/v$(noted "$service")"
done
for service in "${due[@]}"; do
  version=$(noted "$service")
  same "scripts/version.sh $service" "$("$work/tree/scripts/version.sh" "$service")" "$version"
  (cd "$work/tree/services/$service" && GOWORK=off CGO_ENABLED=0 go build -trimpath -buildvcs=false -o "$work/$service" .) || fail "$service does not build alone"
  same "the image of $service" "$(SERVICES=$service "$work/tree/scripts/images.sh" names)" "aura/$service:$version"
done
"$work/tree/scripts/packages.sh" "$out" "amd64 arm64" "${due[@]}"
for service in "${due[@]}"; do
  for arch in amd64 arm64; do
    [ -s "$out/aura-${service}_$(noted "$service")_$arch.deb" ] || fail "there is no package of $service for $arch"
  done
done
[ -z "$failed" ] || exit 1

echo "ready:"
for service in "${due[@]}"; do
  version=$(noted "$service")
  echo "  git tag --annotate services/$service/v$version --message '$service $version'"
done
