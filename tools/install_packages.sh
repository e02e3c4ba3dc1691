#!/usr/bin/env bash
# install_packages.sh PACKAGES.txt: installs the Debian packages that the file lists, one a line, and this machine lacks.
# Needs no rights and no network when none is missing.
set -euo pipefail

wanted=$(sed 's/#.*//; s/[[:space:]]//g; /^$/d' "$1" | sort -u)
if ! command -v dpkg-query >/dev/null; then
  echo "No Debian here: install the like of these, then go on with \`cmake --preset release\`:" $wanted >&2
  exit 1
fi

# dpkg-query exits 1 where it does not know a package at all; those are missing too.
installed=$({ dpkg-query -W -f='${Package} ${db:Status-Status}\n' $wanted 2>/dev/null || true; } |
  awk '$2 == "installed" {print $1}' | sort -u)
missing=$(comm -23 <(echo "$wanted") <(echo "$installed"))
if [ -z "$missing" ]; then
  echo "== packages: all $(echo "$wanted" | wc -l) are installed"
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "These packages are missing; install them as root:" >&2
    echo "  apt-get install --no-install-recommends" $missing >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "== packages: installing" $missing
apt_get() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q "$@"; }
apt_get update
apt_get install -y --no-install-recommends $missing
