//! Codes and single bits of a JPEG's scan (ITU-T T.81, annexes C and F).

use crate::bad::Bad;

/// The data end before the image does.
pub(super) fn ends_early() -> Bad {
    Bad::corrupt("the JPEG ends too early")
}

/// Codes up to this length are looked up at once. Few are longer, and the table then stays in the core's nearest cache.
const SHORT: u32 = 9;

/// Codes whose value fits into so many bits with them are looked up together. Ten hold most of them, in 4 kB.
const JOINED: u32 = 10;

/// A code and the number behind it: a coefficient, the zeros before it, and the bits that both have.
#[derive(Clone, Copy, Default)]
struct Joined {
    number: i16,
    zeros: u8,
    /// 0: they do not fit.
    bits: u8,
}

/// What a code and the bits behind it say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    /// The upper half of the code's value: coefficients that are 0.
    pub(super) zeros: u32,
    /// The coefficient after them; 0 where the lower half, its number of bits, is.
    pub(super) number: i32,
}

/// A Huffman code: for bits of a scan, the length of the code that they start with and its value.
pub(super) struct Codes {
    joined: Vec<Joined>,
    /// By the first [`SHORT`] bits: length (0: longer than these, or none) and value.
    short: Vec<(u8, u8)>,
    /// Of each longer length: the first 16-bit number beyond its codes, and what to add to a code of it, at its own length,
    /// to get the place of its value.
    long: [(u32, i32); 16 - SHORT as usize],
    values: Vec<u8>,
}

impl Codes {
    /// From the number of codes of each length, 1 to 16, and the values in order. Codes follow one another: the first of a
    /// length is the one after the last shorter one, with zeros added.
    pub(super) fn new(counts: &[u8], values: &[u8]) -> Option<Self> {
        let mut short = Vec::with_capacity(1 << SHORT);
        let mut long = [(0, 0); 16 - SHORT as usize];
        // The next code as a 16-bit number, and how many were before it.
        let (mut next, mut place) = (0u32, 0usize);
        for (length, &count) in (1..=16u32).zip(counts) {
            let width = 1 << (16 - length);
            if length > SHORT {
                let first = i32::try_from(next >> (16 - length)).ok()?;
                long[(length - SHORT - 1) as usize] =
                    (next + u32::from(count) * width, i32::try_from(place).ok()? - first);
            }
            for &value in values.get(place..place + usize::from(count))? {
                if length <= SHORT {
                    short.extend(std::iter::repeat_n((length as u8, value), 1 << (SHORT - length)));
                }
                next += width;
            }
            place += usize::from(count);
            if next > 1 << 16 {
                return None;
            }
        }
        short.resize(1 << SHORT, (0, 0));
        let joined = (0..1u32 << JOINED).map(|bits| join(&short, bits)).collect();
        Some(Self { joined, short, long, values: values[..place].to_vec() })
    }

    /// Length and value of the code that these 16 bits start with.
    #[inline(always)]
    fn find(&self, bits: u32) -> Option<(u32, u8)> {
        match self.short[(bits >> (16 - SHORT)) as usize] {
            (0, _) => self.find_long(bits),
            (length, value) => Some((length.into(), value)),
        }
    }

    #[cold]
    fn find_long(&self, bits: u32) -> Option<(u32, u8)> {
        let (length, (_, shift)) = (SHORT + 1..).zip(self.long).find(|(_, (end, _))| bits < *end)?;
        let place = i32::try_from(bits >> (16 - length)).ok()? + shift;
        Some((length, *self.values.get(usize::try_from(place).ok()?)?))
    }
}

/// The code and number that these bits start with.
fn join(short: &[(u8, u8)], bits: u32) -> Joined {
    let (length, value) = short[(bits >> (JOINED - SHORT)) as usize];
    let (zeros, size) = (value >> 4, u32::from(value & 15));
    match JOINED.checked_sub(u32::from(length) + size) {
        Some(rest) if length > 0 => Joined {
            // At most nine bits wide.
            number: signed((bits >> rest) & ((1 << size) - 1), size) as i16,
            zeros,
            bits: (JOINED - rest) as u8,
        },
        _ => Joined::default(),
    }
}

/// The number that is written in so many bits: the lower half of what they can say is negative (T.81, table F.1).
pub(super) fn signed(bits: u32, size: u32) -> i32 {
    let (bits, width) = (bits as i32, 1 << size);
    if bits < width >> 1 { bits + 1 - width } else { bits }
}

/// The bits of a scan up to the next marker. Each 0xff of the data is followed by a 0, which is none of them.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    held: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    /// From a scan's first byte.
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, held: 0, count: 0 }
    }

    fn fill(&mut self) {
        if let Some(next) = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<8>())
            && self.count <= 48
        {
            let word = u64::from_be_bytes(*next);
            // Some byte is 0xff where adding one to each carries out of it.
            let ones = u64::MAX / 255;
            if (!word).wrapping_sub(ones) & word & (ones << 7) == 0 {
                let bytes = ((64 - self.count) / 8).min(7);
                self.held = self.held << (8 * bytes) | word >> (64 - 8 * bytes);
                self.at += bytes as usize;
                self.count += 8 * bytes;
                return;
            }
        }
        while self.count <= 48 {
            let (byte, length) = match self.bytes.get(self.at..) {
                Some([0xff, 0, ..]) => (0xff, 2),
                Some(&[byte, ..]) if byte != 0xff => (byte, 1),
                _ => return,
            };
            self.held = self.held << 8 | u64::from(byte);
            self.at += length;
            self.count += 8;
        }
    }

    /// The next code's value.
    #[inline]
    pub(super) fn value(&mut self, codes: Option<&Codes>) -> Result<u8, Bad> {
        let codes = codes.ok_or_else(|| Bad::corrupt("a scan of the JPEG uses a table that is not there"))?;
        if self.count < 16 {
            self.fill();
        }
        // Zeros stand for what is missing; `take` notices where the code needs them.
        let next =
            if self.count < 16 { self.held << (16 - self.count) } else { self.held >> (self.count - 16) };
        match codes.find(next as u32 & 0xffff) {
            None => Err(Bad::corrupt("the JPEG's data hold a code that its tables do not know")),
            Some((length, value)) => self.take(length).map(|_| value),
        }
    }

    /// The next code and the number behind it.
    #[inline(always)]
    pub(super) fn step(&mut self, codes: &Codes) -> Result<Step, Bad> {
        if self.count < JOINED {
            self.fill();
        }
        if self.count >= JOINED {
            let next = codes.joined[(self.held >> (self.count - JOINED)) as usize & ((1 << JOINED) - 1)];
            if next.bits > 0 {
                self.count -= u32::from(next.bits);
                return Ok(Step { zeros: next.zeros.into(), number: next.number.into() });
            }
        }
        self.long_step(codes)
    }

    /// [`Bits::step`] where the data end, or one of a large number.
    #[inline(never)]
    fn long_step(&mut self, codes: &Codes) -> Result<Step, Bad> {
        let value = self.value(Some(codes))?;
        let size = u32::from(value & 15);
        let number = signed(self.take(size)?, size);
        Ok(Step { zeros: u32::from(value >> 4), number })
    }

    /// The next `n` bits, at most 16.
    #[inline]
    pub(super) fn take(&mut self, n: u32) -> Result<u32, Bad> {
        if self.count < n {
            self.fill();
        }
        self.count = self.count.checked_sub(n).ok_or_else(ends_early)?;
        Ok((self.held >> self.count) as u32 & ((1 << n) - 1))
    }

    /// Whether all but the last byte's padding was used, and where the next marker starts.
    pub(super) fn end(mut self) -> Result<usize, Bad> {
        self.fill();
        if self.count < 8 {
            Ok(self.at)
        } else {
            Err(Bad::corrupt("the JPEG holds more data than its size asks for"))
        }
    }

    /// Goes over the restart marker of this number.
    pub(super) fn restart(&mut self, number: usize) -> Result<(), Bad> {
        let at = Self { ..*self }.end()?;
        let rest = self.bytes.get(at..).unwrap_or_default();
        let fill = rest.iter().take_while(|&&b| b == 0xff).count();
        match rest.get(fill) {
            Some(&code) if usize::from(code) == 0xd0 + number % 8 => {
                *self = Self::new(self.bytes, at + fill + 1);
                Ok(())
            }
            _ => Err(Bad::corrupt("a restart marker of the JPEG is missing")),
        }
    }
}

#[cfg(test)]
#[path = "bits_tests.rs"]
mod tests;
