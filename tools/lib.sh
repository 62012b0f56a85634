# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What tools/try and tools/check share; read by them from the project's root.

has()
{
    command -v "$1" >/dev/null 2>&1
}

say()
{
    printf '%s\n' "$*"
}

# As root, or through sudo if that asks no password.
apt_get()
{
    if [ "$(id -u)" -eq 0 ]; then
        DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@"
    else
        sudo -n env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@"
    fi
}

may_install()
{
    has apt-get && { [ "$(id -u)" -eq 0 ] || { has sudo && sudo -n true 2>/dev/null; }; }
}

# A program may have come another way than by its package.
is_there()
{
    has "${1%-build}" || dpkg-query -W -f='${Status}\n' "$1" 2>/dev/null | grep -q ' installed$'
}

# need_packages PACKAGE...: prints the line that installs them, and runs it for those that are
# missing if it may. Fails, saying what to run, if it may not.
need_packages()
{
    say "needs: apt-get install --yes $*"
    if ! has dpkg-query; then
        say "this is not Debian or Ubuntu: what is in those packages is taken to be there"
        return 0
    fi
    missing=
    for package in "$@"; do
        is_there "$package" || missing="$missing $package"
    done
    if [ -z "$missing" ]; then
        say "all of it is there"
        return 0
    fi
    if ! may_install; then
        say "missing, and only root may install it. Run this, then try again:"
        say "    sudo apt-get update && sudo apt-get install --yes$missing"
        return 1
    fi
    say "missing:$missing"
    # shellcheck disable=SC2086 # the packages are words
    {
        if ! apt-cache show $missing >/dev/null 2>&1; then
            apt_get update --quiet=2
        fi
        # The lists may name versions that the archive has replaced since.
        apt_get install --yes --quiet=2 $missing ||
            { apt_get update --quiet=2 && apt_get install --yes --quiet=2 $missing; }
    }
}

# CMake as old as 3.22 will do.
need_cmake()
{
    version=$(cmake --version | sed -n '1s/[^0-9]*\([0-9]*\.[0-9]*\).*/\1/p')
    if [ "${version%%.*}" -lt 3 ] || { [ "${version%%.*}" -eq 3 ] && [ "${version#*.}" -lt 22 ]; }
    then
        say "CMake is $version here; weft needs 3.22 or later"
        return 1
    fi
}
