#!/usr/bin/env bash
# Runs the Rust tests under ThreadSanitizer, or those without I/O under Miri:
#
#   scripts/sanitize.sh thread | miri [--strict]
#
# Both need a nightly toolchain, and skip where there is none; with --strict that is a failure. Each builds in a folder of its own below target/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case "$*" in
  thread | miri | "thread --strict" | "miri --strict") strict="${2:-}" ;;
  *)
    sed -n 's/^#   //p' scripts/sanitize.sh
    exit 2
    ;;
esac

skip() {
  if [ -n "$strict" ]; then
    echo "FAILED: $1"
    exit 1
  fi
  echo "skipped: $1"
  exit 0
}

cargo +nightly --version > /dev/null 2>&1 || skip "no nightly toolchain (rustup toolchain install nightly --component rust-src,miri)"

thread() {
  local target flags="-Zsanitizer=thread"
  local build=(--features tokio/parking_lot)
  target="$(rustc +nightly --version --verbose | sed -n 's/^host: //p')"
  case "$target" in
    *-linux-gnu | *-apple-darwin) ;;
    *) skip "no ThreadSanitizer for $target" ;;
  esac
  if [ -d "$(rustc +nightly --print sysroot)/lib/rustlib/src" ]; then
    build+=(-Zbuild-std)
  else
    # What the standard library locks is not seen then: see the suppressions. tokio can do without its mutexes.
    echo "rust-src is not installed: the standard library itself is not checked"
    flags+=" -Cunsafe-allow-abi-mismatch=sanitizer"
    export TSAN_OPTIONS="${TSAN_OPTIONS:-} suppressions=$PWD/scripts/thread-sanitizer.supp"
  fi
  RUSTFLAGS="$flags" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/thread-sanitizer" \
    cargo +nightly test --target "$target" "${build[@]}" --lib --test fuzz
}

# Names of tests, or what they begin with, that do without I/O.
MIRI_TESTS=(protocol:: session:: net::handshake:: net::websocket:: server::events::batch::)

miri() {
  cargo +nightly miri --version > /dev/null 2>&1 || skip "no Miri (rustup component add --toolchain nightly miri rust-src)"
  # Miri is some hundred times slower: property tests get a few cases. They read their fixtures, hence no isolation.
  export PROPTEST_CASES=4 MIRIFLAGS="-Zmiri-disable-isolation" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/miri"
  local filter names
  names="$(cargo +nightly miri test --lib -- --list)"
  for filter in "${MIRI_TESTS[@]}"; do
    if ! grep --quiet "^$filter.*: test\$" <<< "$names"; then
      echo "no test is called $filter...: correct MIRI_TESTS in $0" >&2
      exit 1
    fi
  done
  cargo +nightly miri test --lib -- "${MIRI_TESTS[@]}"
}

"$1"
