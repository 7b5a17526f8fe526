#!/bin/bash
# SPDX-License-Identifier: BSL-1.0
# Installs the packages of the named sections of tests/packages.txt, as far as they are missing:
#
#   tests/support/packages.sh build test
#   tests/support/packages.sh --list build       prints their names instead
#   tests/support/packages.sh --plan build       says what it would install, and installs nothing
#   tests/support/packages.sh --closure build    counts all that they draw in on a machine that has only Debian's required packages
#   tests/support/packages.sh --unpack DIR bench-servers     unpacks them below DIR instead, as far as they are neither there nor installed
#
# Asks nothing, says how much it will fetch and what for, and removes no package: beside the development packages of another Boost, those of the
# one that is needed are unpacked into $HOOKD_BUILD_DIR/boost (.build/boost), where both builds look first. Needs root, or a sudo that works without
# a terminal, only where something is missing.
set -euo pipefail

top="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
list="$top/tests/packages.txt"
boost="${HOOKD_BUILD_DIR:-$top/.build}/boost"

# Debian 13 has another Boost; both builds take either.
boost_version=1.81
grep -qs '^VERSION_ID="1[3-9]"' /etc/os-release && boost_version=1.83

# Prints the packages of section $1.
section() {
    sed "s/[[:space:]]*#.*//; s/1\\.81/$boost_version/" "$list" | awk -v wanted="[$1]" '/^\[/ { on = ($1 == wanted); found += on; next } on && NF { print $1 }
        END { exit !found }' || { echo "packages.sh: $list has no section [$1]" >&2; exit 2; }
}

mode=
unpack_to=
if [[ ${1:-} == --list || ${1:-} == --plan || ${1:-} == --closure ]]; then
    mode="$1"
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
if [[ $mode == --list ]]; then
    printf '%s\n' "${wanted[@]}"
    exit 0
fi
if [[ $mode == --closure ]]; then
    # As if nothing were installed: the required packages alone, then with what is wanted.
    nothing="$(mktemp)"
    trap 'rm -f "$nothing"' EXIT
    mapfile -t required < <(apt-cache dumpavail | awk '/^Package: / { name = $2 } /^Priority: required/ { print name }' | sort -u)
    drawn_in() { apt-get -s -o Dir::State::status="$nothing" install --no-install-recommends "$@" | awk '/^Inst / { print $2 }' | sort; }
    comm -13 <(drawn_in "${required[@]}") <(drawn_in "${required[@]}" "${wanted[@]}") | wc -l
    exit 0
fi

missing=()
for package in "${wanted[@]}"; do
    [[ -e ${unpack_to:-$boost}/usr/share/doc/$package ]] && continue
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
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -q -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold "$@" </dev/null >&2
}
give_up() {
    echo "packages.sh: apt-get failed (see above); install by hand: $*" >&2
    exit 1
}
# Unpacks packages below a directory: DIRECTORY PACKAGE...
unpack() {
    echo "Unpacking into $1: ${*:2}" >&2
    mkdir -p "$1"
    download="$(mktemp -d)"
    trap 'rm -rf "$download"' EXIT
    fetch() (cd "$download" && as_root=() && run_apt -o APT::Sandbox::User=root download "$@")
    # A machine that has never asked for the lists of packages must do so first.
    fetch "${@:2}" || { run_apt update && fetch "${@:2}"; } || give_up "${@:2}"
    for each in "$download"/*.deb; do
        dpkg-deb -x "$each" "$1"
    done
}
if [[ $unpack_to ]]; then
    unpack "$unpack_to" "${missing[@]}"
    exit 0
fi

# Boost's development packages exclude those of another version; nobody's are removed for these.
another="$({ dpkg-query -W -f='${db:Status-Status} ${Package}\n' 'libboost1*-dev' 2>/dev/null || :; } | sed -n 's/^installed \(libboost[0-9.]*-dev\)$/\1/p')"
if [[ $another && $another != "libboost$boost_version-dev" ]]; then
    mapfile -t of_boost < <(printf '%s\n' "${missing[@]}" | grep "^libboost.*$boost_version-dev$")
    mapfile -t missing < <(printf '%s\n' "${missing[@]}" | grep -v "^libboost.*$boost_version-dev$")
    if ((${#of_boost[@]})); then
        echo "$another stays." >&2
        unpack "$boost" "${of_boost[@]}" "libboost-container$boost_version-dev" "libboost-system$boost_version-dev"
    fi
    ((${#missing[@]})) || exit 0
fi

run_apt update || give_up "${missing[@]}"
install=(install -y --no-install-recommends --no-remove "${missing[@]}")
plan="$(LC_ALL=C apt-get -s "${install[@]}" 2>&1 </dev/null)" || { echo "$plan" >&2; give_up "${missing[@]}"; }
megabytes="$(apt-get -qq --print-uris "${install[@]}" </dev/null | awk '{ sum += $3 } END { printf "%.0f", sum / 1e6 }')"
echo "Installing $(grep -c '^Inst ' <<<"$plan") packages ($megabytes MB to fetch), for" >&2
for name in "$@"; do
    sed -n "s/^\[$name\] *# */    /p" "$list" >&2
done
[[ $mode == --plan ]] && exit 0
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
run_apt "${install[@]}" || give_up "${missing[@]}"
