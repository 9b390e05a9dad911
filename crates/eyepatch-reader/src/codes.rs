//! What a study draws: its seed where none is given, codes, a nonce.

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, RandomState};

use eyepatch_core::{ContentHash, Seed};

/// Letters and digits that nobody takes for each other.
const SIGNS: &[u8] = b"ABCDEFGHJKLMNPQRTUVWXY346789";
const LENGTH: usize = 5;

/// A seed that nobody can guess: the keys that the system gave this process for its hash tables.
#[must_use]
pub fn random_seed() -> u64 {
    RandomState::new().hash_one("eyepatch reader study")
}

/// `n` different codes. They depend on the seed and their number alone, so they tell nothing of what they stand for.
pub(crate) fn codes(n: usize, seed: &Seed) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let mut all = Vec::with_capacity(n);
    for i in 0.. {
        if all.len() == n {
            break;
        }
        let code = code(seed.child(&format!("code {i}")).to_u64());
        if taken.insert(code.clone()) {
            all.push(code);
        }
    }
    all
}

fn code(mut bits: u64) -> String {
    let base = SIGNS.len() as u64;
    let sign = |_| {
        let sign = SIGNS[usize::try_from(bits % base).unwrap_or_default()];
        bits /= base;
        char::from(sign)
    };
    (0..LENGTH).map(sign).collect()
}

/// 256 bits of the seed, for the key's commitment.
pub(crate) fn nonce(seed: &Seed) -> ContentHash {
    let parts = (0..4).flat_map(|i| seed.child(&format!("nonce {i}")).to_u64().to_le_bytes());
    ContentHash::of(&parts.collect::<Vec<u8>>())
}
