use rand_chacha::ChaCha12Rng;
use rand_core::SeedableRng;

/// The state that random streams are derived from. A child depends on its parent and its name alone, never on
/// position, order or thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    /// The root, from the number a user gives.
    #[must_use]
    pub fn root(seed: u64) -> Self {
        Self(*blake3::keyed_hash(b"eyepatch root seed, version 1   ", &seed.to_le_bytes()).as_bytes())
    }

    /// The seed of one named thing below this one (an audit, a cell, a sample, a stream).
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        Self(*blake3::keyed_hash(&self.0, name.as_bytes()).as_bytes())
    }

    /// A generator that starts here.
    #[must_use]
    pub fn rng(&self) -> ChaCha12Rng {
        ChaCha12Rng::from_seed(self.0)
    }

    /// 64 bits of it, for libraries that want a number.
    #[must_use]
    pub fn to_u64(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}
