# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared between these files and the scripts
# Shared by every script: where the checkout is, progress lines, and how to stop with a message.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Bare Debian has its Python here; a version manager's shim earlier in PATH may be another version without venv.
system_python=/usr/bin/python3

# progress TEXT: one line with the seconds since the script began.
progress() {
    printf '==> %ss %s\n' "$SECONDS" "$*"
}

# stop STATUS TEXT: explain on standard error and leave.
stop() {
    local status=$1
    shift
    printf '%s\n' "$*" >&2
    exit "$status"
}
