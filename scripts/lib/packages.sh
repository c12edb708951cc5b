# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared between these files and the scripts
# Debian packages: installed only when missing, and only when that needs no question.

# What compiling and running the server needs. The second line is what the Swift toolchain itself needs: its archive
# holds neither a C library to compile against nor the libraries that its own programs are linked with.
run_packages=(ca-certificates cracklib-runtime fonts-noto-core git libcrack2-dev libcrypt-dev libcurl4-openssl-dev
    libmagic-dev libmagic1 liboath-dev libpangocairo-1.0-0 libpng-dev libpq-dev libqrencode-dev libsqlite3-dev
    pkg-config python3-venv tzdata zlib1g-dev
    binutils libc6-dev libcurl4 libgcc-12-dev libncurses6 libstdc++-12-dev libxml2)
# What the tests need in addition.
test_packages=(curl poppler-utils postgresql redis-server strace)

# missing_packages NAME...: those of the names that are not installed.
missing_packages() {
    local known name
    known=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
    for name in "$@"; do
        grep -qx "$name installed" <<<"$known" || printf '%s\n' "$name"
    done
}

# require_packages NAME...: installs what is missing, or prints the one line that would and exits with 2.
require_packages() {
    local missing=() privileged=()
    command -v dpkg-query >/dev/null || stop 2 "This script needs Debian (dpkg is missing)."
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]})) || return 0

    if ((EUID != 0)); then
        # -n: a script that asks no questions must not wait for a password either.
        if ! sudo -n true 2>/dev/null; then
            stop 2 "apt-get install -y --no-install-recommends ${missing[*]}"
        fi
        privileged=(sudo -n)
    fi
    progress "installing ${missing[*]}"
    local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends)
    # Fresh images carry no package lists, old lists name packages that are gone: both show in the first try.
    if ! "${privileged[@]}" "${install[@]}" "${missing[@]}" >/dev/null 2>&1; then
        "${privileged[@]}" apt-get update -q
        "${privileged[@]}" "${install[@]}" "${missing[@]}"
    fi
}
