//! Mutations of the corpus: an answer or a refusal, never a panic, in memory in proportion to the file.

use super::corpus;
use eyepatch_nn::weights::fuzz;
use proptest::prelude::*;
use std::sync::OnceLock;

/// Bytes that reading may take at most: for each byte of the file, and beside that.
const PER_BYTE: u64 = 128;
const BESIDE: u64 = 64 << 10;

fn seeds() -> &'static [Vec<u8>] {
    static SEEDS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    SEEDS.get_or_init(|| corpus("").into_iter().map(|(_, bytes)| bytes).collect())
}

/// Pickles alone: from every protocol mark of the corpus on.
fn pickles() -> &'static [&'static [u8]] {
    static PICKLES: OnceLock<Vec<&[u8]>> = OnceLock::new();
    PICKLES.get_or_init(|| {
        let marks = |seed: &'static Vec<u8>| {
            let mark = |&at: &usize| matches!(seed[at..], [0x80, 2 | 4, ..]);
            (0..seed.len()).filter(mark).map(|at| &seed[at..])
        };
        seeds().iter().flat_map(marks).collect()
    })
}

/// Runs a target and asks for its most memory at a time.
fn bounded(target: fn(&[u8]) -> eyepatch_nn::Result<()>, bytes: &[u8]) -> u64 {
    let taken = allocation_counter::measure(|| drop(target(bytes))).bytes_max;
    let most = BESIDE + PER_BYTE * bytes.len() as u64;
    assert!(taken <= most, "{taken} bytes for a file of {}", bytes.len());
    taken
}

/// One change of a file.
#[derive(Debug, Clone)]
enum Change {
    Flip(prop::sample::Index, u8),
    Set(prop::sample::Index, u8),
    Number(prop::sample::Index, u64, usize),
    Cut(prop::sample::Index),
    Insert(prop::sample::Index, Vec<u8>),
    Repeat(prop::sample::Index, usize, usize),
    Splice(prop::sample::Index, prop::sample::Index, prop::sample::Index),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len().max(1);
        match self {
            Self::Flip(at, bit) => bytes.get_mut(at.index(length)).into_iter().for_each(|b| *b ^= 1 << bit),
            Self::Set(at, value) => bytes.get_mut(at.index(length)).into_iter().for_each(|b| *b = *value),
            Self::Number(at, value, width) => {
                let at = at.index(length);
                bytes.iter_mut().skip(at).zip(value.to_le_bytes()).take(*width).for_each(|(b, v)| *b = v);
            }
            Self::Cut(at) => bytes.truncate(at.index(length)),
            Self::Insert(at, more) => {
                let at = at.index(length).min(bytes.len());
                bytes.splice(at..at, more.iter().copied());
            }
            Self::Repeat(at, count, times) => {
                let at = at.index(length).min(bytes.len());
                let piece = bytes[at..bytes.len().min(at + count)].repeat(*times);
                bytes.splice(at..at, piece);
            }
            Self::Splice(at, other, from) => {
                let other = &seeds()[other.index(seeds().len())];
                bytes.truncate(at.index(length));
                bytes.extend(other.iter().skip(from.index(other.len().max(1))));
            }
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<prop::sample::Index>;
    let edges =
        prop_oneof![Just(u64::MAX), Just(1 << 63), Just(1 << 62), Just(1 << 40), Just(1 << 31), 0u64..70000];
    prop_oneof![
        4 => (at(), 0u8..8).prop_map(|(a, b)| Change::Flip(a, b)),
        4 => (at(), any::<u8>()).prop_map(|(a, v)| Change::Set(a, v)),
        3 => (at(), edges, prop_oneof![Just(2usize), Just(4), Just(8)]).prop_map(|(a, v, w)| Change::Number(a, v, w)),
        1 => at().prop_map(Change::Cut),
        2 => (at(), prop::collection::vec(any::<u8>(), 1..6)).prop_map(|(a, m)| Change::Insert(a, m)),
        1 => (at(), 1usize..60, 1usize..400).prop_map(|(a, c, t)| Change::Repeat(a, c, t)),
        1 => (at(), at(), at()).prop_map(|(a, o, f)| Change::Splice(a, o, f)),
    ]
}

fn changed(seed: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    changes.iter().for_each(|change| change.apply(&mut bytes));
    bytes
}

/// Cases a target: a few seconds in all, or what `PROPTEST_CASES` says.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(5000);
    ProptestConfig { cases, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn files(seed in any::<prop::sample::Index>(), changes in prop::collection::vec(change(), 0..5)) {
        bounded(fuzz::file, &changed(&seeds()[seed.index(seeds().len())], &changes));
    }

    #[test]
    fn containers(seed in any::<prop::sample::Index>(), changes in prop::collection::vec(change(), 0..3)) {
        bounded(fuzz::container, &changed(&seeds()[seed.index(seeds().len())], &changes));
    }

    #[test]
    fn pickles_alone(seed in any::<prop::sample::Index>(), changes in prop::collection::vec(change(), 0..5)) {
        bounded(fuzz::pickle, &changed(pickles()[seed.index(pickles().len())], &changes));
    }

    /// Opcodes in any order, most of them known.
    #[test]
    fn opcodes(codes in prop::collection::vec(prop_oneof![
        8 => prop::sample::select(&b"(.012NKMJGXUqrhj]})tldaesubcRQ\x85\x86\x87\x88\x89\x8a\x8c\x93\x94"[..]),
        1 => any::<u8>(),
    ], 0..400)) {
        bounded(fuzz::pickle, &[b"\x80\x02", &codes[..]].concat());
    }
}

#[test]
fn the_corpus_itself_is_read_in_bounded_memory() {
    for (_, bytes) in corpus("") {
        bounded(fuzz::file, &bytes);
    }
}

/// The opcodes that take most memory a byte, as many as there may be.
#[test]
fn memory_has_an_upper_end() {
    for worst in [&b"]"[..], b"}", b")", b"N", b"2", b"N\x94", b"(t", b"](lq\0", b"N\x85"] {
        let program = [b"\x80\x04N", worst.repeat((3 << 20) / worst.len()).as_slice()].concat();
        let taken = bounded(fuzz::pickle, &program);
        assert!(taken < 128 << 20, "{worst:?} takes {taken} bytes");
    }
}
