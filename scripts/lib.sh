# Shared by the scripts beside it; `script` is the name that messages carry.
# shellcheck shell=sh

say() { echo "$script: $*" >&2; }

die() {
    say "$*"
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        return 1
    fi
}

# Install system packages; false where there is no apt-get, no root, or no such package.
apt_install() {
    command -v apt-get >/dev/null 2>&1 && as_root true || return 1
    say "installing $*"
    as_root apt-get -q update >/dev/null || return 1
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y \
        --no-install-recommends "$@" >/dev/null
}
