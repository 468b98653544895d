# Sourced by the scripts beside it: strict mode, the repository root as current folder, messages.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
caller=$PWD
cd "$root"

say() { printf '== %s\n' "$*" >&2; }
fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}
# Prints the comment at the head of the calling script.
usage() { sed -n '2,/^[^#]/p' "$0" | sed -n 's/^# \{0,1\}//p'; }
# A path as the caller meant it.
from_caller() { case $1 in /*) echo "$1" ;; *) echo "$caller/$1" ;; esac; }
jobs=$(nproc)
# Configures build/lint, which holds a compile command for each source by itself (the other builds
# compile several at once). Nothing is built in it.
configure_lint() {
  local log
  log=$(mktemp)
  cmake --preset lint >"$log" 2>&1 || { cat "$log" >&2 && rm -f "$log" && fail "configuring failed"; }
  rm -f "$log"
}
# Sets `python` to the command of the peers' python, and exports it: MORES_PEER_PYTHON where that is
# set (it may be a command that sees only the repository, as its current folder), else the one that
# scripts/peers made, else python3.
peer_python() {
  local made=out/peers/bin/python
  [[ -x $made ]] || made=python3
  read -r -a python <<<"${MORES_PEER_PYTHON:-$made}"
  export MORES_PEER_PYTHON=${python[*]}
}
# Compilations are the same in every clone: another folder finds them in the cache.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
