# Sourced by the other scripts: where things are, and how to say what is happening.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

CARGO_BIN="${CARGO_HOME:-$HOME/.cargo}/bin"
export PATH="$PWD/.tools/bin:$PWD/node_modules/.bin:$CARGO_BIN:$PATH"
TARGET_DIR="${CARGO_TARGET_DIR:-target}"

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Runs a command as root where that needs no password; fails where it cannot.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif have sudo && sudo -n true 2>/dev/null; then sudo "$@"; else return 1; fi
}

# Installs Debian packages; fails where there is no apt or no right to use it.
debian_install() {
  have apt-get || return 1
  as_root true || return 1
  say "Installing Debian packages: $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >/dev/null 2>&1 && return
  as_root apt-get update -q >/dev/null 2>&1 || true
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >/dev/null
}

wasm_target_installed() { [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown/lib" ]; }

# Debian's own Rust, which carries the standard library's source: serves where rustup cannot fetch the wasm32 target.
debian_rust_installed() { [ -x /usr/bin/cargo ] && [ -d "$(/usr/bin/rustc --print sysroot 2>/dev/null)/lib/rustlib/src/rust/library/std" ]; }

# Prepares the environment for a build for wasm32.
use_wasm_toolchain() {
  wasm_target_installed && return
  debian_rust_installed || fail "no wasm32 target for Rust; run: make setup"
  local lld
  lld=$(ls "$(rustc --print sysroot)"/lib/rustlib/*/bin/rust-lld 2>/dev/null | head -n 1 || true)
  [ -n "$lld" ] || lld=$(command -v wasm-ld || ls /usr/bin/wasm-ld-* /usr/lib/llvm-*/bin/wasm-ld 2>/dev/null | tail -n 1 || true)
  [ -n "$lld" ] || fail "no linker for wasm32 (rust-lld or wasm-ld); install Debian's lld"
  mkdir -p .tools/debian
  for tool in cargo rustc rustdoc; do ln -sf "/usr/bin/$tool" ".tools/debian/$tool"; done
  export PATH="$PWD/.tools/debian:$PATH"
  export RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_abort CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$lld"
}

# The version of a package in Cargo.lock.
locked() { awk -v name="$1" '$1 == "name" && $3 == "\"" name "\"" { getline; gsub(/"/, "", $3); print $3; exit }' Cargo.lock; }

# The browser for tests.
find_browser() {
  local b
  for b in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
    if [ -n "$b" ] && have "$b"; then command -v "$b"; return; fi
  done
  return 1
}
