# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared between these files and the scripts
# Python tools in .tools/venv and Swagger UI's files in .tools/swagger-ui, pinned with hashes and never committed.
# A stamp holds the hash of the pins, so a changed pin is fetched and an unchanged one costs nothing.

# hash_of FILE: its SHA-256 alone; a path in the stamp would tie it to this folder.
hash_of() {
    sha256sum <"$1"
}

# is_current STAMP FILE: the stamp was written for exactly this FILE.
is_current() {
    [[ -f $1 && $(<"$1") == "$(hash_of "$2")" ]]
}

# ensure_venv: an empty virtual environment, because Debian refuses a system-wide pip.
ensure_venv() {
    # An incomplete one has no pip.
    [[ -x $root/.tools/venv/bin/python ]] && "$root/.tools/venv/bin/python" -c 'import pip' 2>/dev/null && return 0
    progress "creating .tools/venv"
    "$system_python" -m venv --clear "$root/.tools/venv"
}

pip() {
    "$root/.tools/venv/bin/python" -m pip --disable-pip-version-check --quiet "$@"
}

# ensure_python_tools: the tools of scripts/requirements.txt.
ensure_python_tools() {
    local pins=$root/scripts/requirements.txt stamp=$root/.tools/venv/requirements.sha256
    is_current "$stamp" "$pins" && return 0
    ensure_venv
    progress "installing the Python tools"
    pip install --require-hashes --only-binary :all: -r "$pins"
    hash_of "$pins" >"$stamp"
}

# ensure_swagger_ui: the static files of Swagger UI out of the wheel that ships them.
ensure_swagger_ui() {
    local pins=$root/scripts/swagger-ui.txt stamp=$root/.tools/swagger-ui/.pins.sha256
    is_current "$stamp" "$pins" && return 0
    ensure_venv
    progress "fetching Swagger UI"
    local wheel=$root/.tools/swagger-ui.wheel unpacked=$root/.tools/swagger-ui.new
    rm -rf "$wheel" "$unpacked"
    pip download --no-deps --require-hashes --only-binary :all: --dest "$wheel" -r "$pins"
    "$system_python" "$root/scripts/lib/unpack-swagger-ui.py" "$wheel"/*.whl "$unpacked"
    hash_of "$pins" >"$unpacked/.pins.sha256"
    # Moved into place in one step: a server never sees half of the files.
    rm -rf "$root/.tools/swagger-ui"
    mv "$unpacked" "$root/.tools/swagger-ui"
    rm -rf "$wheel"
}
