//! Codes and single bits of a JPEG's scan (ITU-T T.81, annexes C and F).

use crate::bad::Bad;

/// The data end before the image does.
pub(super) fn ends_early() -> Bad {
    Bad::corrupt("the JPEG ends too early")
}

/// A Huffman code: for any 16 bits, the length of the code that they start with (0: none) and its value.
pub(super) struct Codes(Vec<(u8, u8)>);

impl Codes {
    /// From the number of codes of each length, 1 to 16, and the values in order.
    pub(super) fn new(counts: &[u8], values: &[u8]) -> Option<Self> {
        let mut table = Vec::with_capacity(1 << 16);
        let mut values = values.iter();
        for (length, &count) in (1..=16u8).zip(counts) {
            for &value in values.by_ref().take(count.into()) {
                if table.len() == 1 << 16 {
                    return None;
                }
                table.extend(std::iter::repeat_n((length, value), 1 << (16 - length)));
            }
        }
        table.resize(1 << 16, (0, 0));
        Some(Self(table))
    }
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
    pub(super) fn value(&mut self, codes: Option<&Codes>) -> Result<u8, Bad> {
        let codes = codes.ok_or_else(|| Bad::corrupt("a scan of the JPEG uses a table that is not there"))?;
        if self.count < 16 {
            self.fill();
        }
        // Zeros stand for what is missing; `take` notices where the code needs them.
        let next =
            if self.count < 16 { self.held << (16 - self.count) } else { self.held >> (self.count - 16) };
        match codes.0[(next & 0xffff) as usize] {
            (0, _) => Err(Bad::corrupt("the JPEG's data hold a code that its tables do not know")),
            (length, value) => self.take(length.into()).map(|_| value),
        }
    }

    /// The next `n` bits, at most 16.
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
