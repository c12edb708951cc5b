# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared between these files and the scripts
# Shared by scripts/checks/*: a check prints exactly one line on standard output and exits non-zero when it failed.
#   ok NAME  ·  FAILED NAME: why  ·  skipped NAME: why
# Details go to standard error.

# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
name=$(basename "$0")
executable=$root/.build/debug/caresync

ok() { printf 'ok %s\n' "$name" && exit 0; }
fail() { printf 'FAILED %s: %s\n' "$name" "$*" && exit 1; }
skip() { printf 'skipped %s: %s\n' "$name" "$*" && exit 0; }

# fresh_data_folder: a temporary folder in $folder, named as the data folder of the commands that follow, removed at the end.
# A developer's own database must not be touched, hence the cleared variables.
fresh_data_folder() {
    local variable
    for variable in DATABASE_URL REDIS_URL "${!CARESYNC_@}"; do unset "$variable"; done
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    export CARESYNC_DATA_DIR=$folder
}
