//! The fuzz targets as ordinary tests: the committed corpus, mutations of it, and generated input. The long form is `fuzz/README.md`.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

/// Generated inputs per target, and as many mutations of the corpus.
const INPUTS: u32 = 2000;

/// The files of `fuzz/seeds/TARGET`, in an order that is always the same.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).expect("an input")).collect()
}

/// Where a mutation changes an input, and what to.
type Mutation = (Index, Vec<(Index, u8)>, Index);

fn mutate(corpus: &[Vec<u8>], (which, changes, end): &Mutation) -> Vec<u8> {
    let mut input = which.get(corpus).clone();
    for (place, byte) in changes.iter().filter(|_| !input.is_empty()).collect::<Vec<_>>() {
        let at = place.index(input.len());
        input[at] = *byte;
    }
    input.truncate(input.len() - end.index(input.len() / 4 + 1));
    input
}

fn exercise(target: &str, run: fn(&[u8])) {
    let corpus = corpus(target);
    assert!(!corpus.is_empty(), "no corpus for {target}");
    corpus.iter().for_each(|input| run(input));
    let mut runner = TestRunner::new(Config { cases: INPUTS, failure_persistence: None, ..Config::default() });
    let generated = runner.run(&vec(any::<u8>(), 0..600), |input| {
        run(&input);
        Ok(())
    });
    generated.unwrap_or_else(|error| panic!("{target}: {error}"));
    let mutations = (any::<Index>(), vec(any::<(Index, u8)>(), 0..8), any::<Index>());
    let mutated = runner.run(&mutations, |mutation| {
        run(&mutate(&corpus, &mutation));
        Ok(())
    });
    mutated.unwrap_or_else(|error| panic!("{target}: {error}"));
}

#[test]
fn frame_decode() {
    exercise("frame_decode", fuzz::frame_decode::run);
}

#[test]
fn upgrade() {
    exercise("upgrade", fuzz::upgrade::run);
}

#[test]
fn websocket_decode() {
    exercise("websocket_decode", fuzz::websocket_decode::run);
}

#[test]
fn session() {
    exercise("session", fuzz::session::run);
}

#[cfg(unix)]
#[test]
fn bridge() {
    exercise("bridge", fuzz::bridge::run);
}

#[cfg(unix)]
#[test]
fn server() {
    exercise("server", fuzz::server::run);
}

/// For ThreadSanitizer (`scripts/sanitize.sh`), which sees no threads elsewhere.
#[cfg(unix)]
#[test]
fn server_on_two_threads() {
    exercise("server", fuzz::server::run_on_two_threads);
}
