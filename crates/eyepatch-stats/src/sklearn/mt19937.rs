/// Numbers of the generator's state.
const STATE: usize = 624;
/// How far apart the two numbers are that make a new one.
const SHIFT: usize = 397;

/// NumPy's legacy `RandomState(seed)`: the Mersenne twister MT19937 (Matsumoto & Nishimura 1998), seeded by `init_genrand` as
/// NumPy does for a whole number (`numpy/random/src/mt19937/mt19937.c`, `mt19937_seed`).
#[derive(Debug, Clone)]
pub struct RandomState {
    state: [u32; STATE],
    next: usize,
}

impl RandomState {
    /// The generator of a seed. NumPy takes the same range of seeds.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        let mut state = [0; STATE];
        let mut value = seed;
        for (i, slot) in state.iter_mut().enumerate() {
            *slot = value;
            value = 1_812_433_253_u32.wrapping_mul(value ^ (value >> 30)).wrapping_add(i as u32 + 1);
        }
        Self { state, next: STATE }
    }

    /// The next 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        if self.next == STATE {
            self.twist();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    fn twist(&mut self) {
        for i in 0..STATE {
            let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % STATE] & 0x7fff_ffff);
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + SHIFT) % STATE] ^ (y >> 1) ^ odd;
        }
        self.next = 0;
    }

    /// A whole number from 0 to `max`, both included, as `random_interval` of `numpy/random/src/distributions` draws it:
    /// as many bits as `max` has, drawn again until they are not above it.
    pub fn interval(&mut self, max: u64) -> u64 {
        let Some(bits) = max.checked_ilog2() else { return 0 };
        let mask = u64::MAX >> (63 - bits);
        loop {
            let mut drawn = u64::from(self.next_u32());
            if max > u64::from(u32::MAX) {
                drawn = drawn << 32 | u64::from(self.next_u32());
            }
            if drawn & mask <= max {
                return drawn & mask;
            }
        }
    }

    /// `RandomState.shuffle` of a one-dimensional array.
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for i in (1..values.len()).rev() {
            values.swap(i, self.interval(i as u64) as usize);
        }
    }

    /// `RandomState.permutation(n)`: 0 to `n - 1` in random order.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        self.shuffle(&mut order);
        order
    }
}
