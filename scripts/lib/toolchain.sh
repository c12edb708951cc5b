# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared between these files and the scripts
# The Swift toolchain is the one thing the scripts expect and do not install.

# find_swift: stops with 2 unless there is a Swift in PATH. Before anything is installed for one.
find_swift() {
    command -v swift >/dev/null || stop 2 "Swift 6.3 or newer is needed: https://www.swift.org/install/linux/"
}

# require_swift: stops with 2 unless it is Swift 6.3 or newer. It runs only once its packages are there.
require_swift() {
    local text
    text=$(swift --version 2>&1) || stop 2 "swift --version fails: $text"
    if [[ ! $text =~ Swift\ version\ ([0-9]+)\.([0-9]+) ]]; then
        stop 2 "swift --version is not understood: $text"
    fi
    local major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]}
    if ((major < 6 || (major == 6 && minor < 3))); then
        stop 2 "Swift 6.3 or newer is needed, this is $major.$minor: https://www.swift.org/install/linux/"
    fi
}
