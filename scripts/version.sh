#!/usr/bin/env bash
# Prints the version of a service from its own tags: 1.2.0 at the tag
# services/<name>/v1.2.0, 1.2.0+3.gabc1234 three commits later, with .dirty after
# changes that are not committed, 0.0.0-dev+abc1234 before the first tag. VERSION
# is the version of a build that is not made from git's history, or of sources that
# come without their tags.
#
#   scripts/version.sh SERVICE
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -n "${VERSION:-}" ]; then
  echo "$VERSION"
  exit
fi
tags=services/$1/v
if described=$(git describe --tags --dirty=.dirty --match "$tags*" 2>/dev/null); then
  sed -E 's/-([0-9]+)-(g[0-9a-f]+)/+\1.\2/' <<<"${described#"$tags"}"
else
  echo "0.0.0-dev$(git rev-parse --short HEAD 2>/dev/null | sed 's/^/+/')"
fi
