#!/bin/bash
# Installs the packages of the named sections of tests/packages.txt, as far as they are missing:
#
#   tests/support/packages.sh build test
#   tests/support/packages.sh --list build       prints their names instead
#   tests/support/packages.sh --unpack DIR bench-servers     unpacks them below DIR instead, as far as they are neither there nor installed
#
# Asks nothing. Needs root, or a sudo that works without a terminal, only where something is missing.
set -euo pipefail

list="$(dirname "${BASH_SOURCE[0]}")/../packages.txt"

# Prints the packages of section $1.
section() {
    sed 's/[[:space:]]*#.*//' "$list" | awk -v wanted="[$1]" '/^\[/ { on = ($1 == wanted); found += on; next } on && NF { print $1 }
        END { exit !found }' || { echo "packages.sh: $list has no section [$1]" >&2; exit 2; }
}

only_list=
unpack_to=
if [[ ${1:-} == --list ]]; then
    only_list=1
    shift
elif [[ ${1:-} == --unpack && $# -ge 2 ]]; then
    mkdir -p "$2"
    unpack_to="$(cd "$2" && pwd)"
    shift 2
fi
if (($# == 0)); then
    echo "packages.sh: name a section of $list, as in: packages.sh build test" >&2
    exit 2
fi

wanted=()
for name in "$@"; do
    packages="$(section "$name")"
    mapfile -t -O "${#wanted[@]}" wanted <<<"$packages"
done
if [[ $only_list ]]; then
    printf '%s\n' "${wanted[@]}"
    exit 0
fi

missing=()
for package in "${wanted[@]}"; do
    [[ $unpack_to && -e $unpack_to/usr/share/doc/$package ]] && continue
    if [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then
        missing+=("$package")
    fi
done
((${#missing[@]})) || exit 0

if ! command -v apt-get >/dev/null; then
    echo "packages.sh: this is no Debian; install what corresponds to: ${missing[*]}" >&2
    exit 1
fi
as_root=()
if ((EUID != 0)) && [[ ! $unpack_to ]]; then
    if ! command -v sudo >/dev/null; then
        echo "packages.sh: not root, and no sudo; have someone run: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
    [[ -t 0 ]] || as_root=(sudo -n)  # nobody could type a password
fi

run_apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold "$@" </dev/null >&2
}
if [[ $unpack_to ]]; then
    echo "Unpacking: ${missing[*]}" >&2
    download="$(mktemp -d)"
    trap 'rm -rf "$download"' EXIT
    # A machine that has never asked for the lists of packages must do so first.
    cd "$download"
    fetch() { run_apt -o APT::Sandbox::User=root download "${missing[@]}"; }
    if ! { fetch || { run_apt update && fetch; }; }; then
        echo "packages.sh: apt-get failed (see above)" >&2
        exit 1
    fi
    for each in *.deb; do
        dpkg-deb -x "$each" "$unpack_to"
    done
    exit 0
fi
echo "Installing: ${missing[*]}" >&2
# Tests start servers of their own: no package is to make a PostgreSQL cluster or to start a service, unless this machine says otherwise.
put() {
    "${as_root[@]}" mkdir -p "${2%/*}"
    echo "$1" | "${as_root[@]}" tee "$2" >/dev/null
}
cluster_settings=/etc/postgresql-common/createcluster.conf
if [[ " ${missing[*]} " == *" postgresql-"* && ! -e $cluster_settings ]]; then
    put "create_main_cluster = false" "$cluster_settings"
fi
service_policy=/usr/sbin/policy-rc.d
if [[ ! -e $service_policy ]]; then
    trap '"${as_root[@]}" rm -f "$service_policy"' EXIT
    put $'#!/bin/sh\nexit 101' "$service_policy"
    "${as_root[@]}" chmod 755 "$service_policy"
fi
# Development packages of another Boost version give way to those of 1.81: apt removes them, and says so above.
if ! { run_apt update && run_apt install -y --no-install-recommends "${missing[@]}"; }; then
    echo "packages.sh: apt-get failed (see above); install by hand: ${missing[*]}" >&2
    exit 1
fi
