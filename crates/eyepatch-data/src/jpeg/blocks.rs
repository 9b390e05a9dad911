//! The codes of one block of 8 x 8 pixels, in each of the ways that a scan may hold them (ITU-T T.81, F.2.2 and G.1.2).

use crate::bad::Bad;
use crate::jpeg::bits::{Bits, Codes, signed};

/// What a scan holds of its blocks: of the mean (the coefficient 0) or of the others, `first` to `last`.
#[derive(Clone, Copy)]
pub(super) enum Pass {
    /// All coefficients.
    Whole,
    /// The means but for their `low` lowest bits.
    Means { low: u32 },
    /// One more bit of the means.
    MeanBits,
    /// Coefficients but for their lowest bits.
    Details { first: u32, last: u32 },
    /// One more bit of them.
    DetailBits { first: u32, last: u32 },
}

impl Pass {
    /// As the end of a scan header says; `None` where it says what may not be.
    pub(super) fn of(progressive: bool, first: u8, last: u8, bits: u8) -> Option<Self> {
        let (refines, low) = (bits >> 4 != 0, u32::from(bits & 15));
        match (progressive, first, last) {
            (false, 0, 63) if bits == 0 => Some(Self::Whole),
            (true, 0, 0) if low < 14 => Some(if refines { Self::MeanBits } else { Self::Means { low } }),
            (true, 1.., ..=63) if first <= last => {
                let (first, last) = (first.into(), last.into());
                Some(if refines { Self::DetailBits { first, last } } else { Self::Details { first, last } })
            }
            _ => None,
        }
    }

    /// Whether it tells the means, if only roughly: without it, a component has no picture.
    pub(super) fn starts(self) -> bool {
        matches!(self, Self::Whole | Self::Means { .. })
    }

    /// Whether it holds means. Only such a scan may hold several components.
    pub(super) fn holds_means(self) -> bool {
        !matches!(self, Self::Details { .. } | Self::DetailBits { .. })
    }
}

/// A component's way through a scan.
pub(super) struct Blocks<'a> {
    pass: Pass,
    dc: Option<&'a Codes>,
    ac: Option<&'a Codes>,
    /// Step of the quantised means.
    step: i32,
    mean: i32,
    /// How many of the next blocks have no code.
    skips: u32,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(pass: Pass, dc: Option<&'a Codes>, ac: Option<&'a Codes>, step: i32) -> Self {
        Self { pass, dc, ac, step: step.max(1), mean: 0, skips: 0 }
    }

    /// Ends the scan, or a part of it between restart markers.
    pub(super) fn end(&mut self) -> Result<(), Bad> {
        self.mean = 0;
        if self.skips == 0 { Ok(()) } else { Err(impossible()) }
    }

    /// Goes over one block. `nonzero` has a bit for each coefficient that this scan or one before it has set.
    pub(super) fn walk(&mut self, bits: &mut Bits, nonzero: &mut u64) -> Result<(), Bad> {
        match self.pass {
            Pass::Whole => {
                self.mean(bits, 0)?;
                self.details(bits, 1, 63, nonzero)
            }
            Pass::Means { low } => self.mean(bits, low),
            Pass::MeanBits => bits.take(1).map(drop),
            Pass::Details { first, last } => self.details(bits, first, last, nonzero),
            Pass::DetailBits { first, last } => self.detail_bits(bits, first, last, nonzero),
        }
    }

    /// The difference to the mean of the block before.
    fn mean(&mut self, bits: &mut Bits, low: u32) -> Result<(), Bad> {
        let size = u32::from(bits.value(self.dc)?);
        if size > 11 {
            return Err(impossible());
        }
        self.mean += signed(bits.take(size)?, size);
        check_mean(self.mean << low, self.step).map(drop)
    }

    fn details(&mut self, bits: &mut Bits, first: u32, last: u32, nonzero: &mut u64) -> Result<(), Bad> {
        if self.skips > 0 {
            self.skips -= 1;
            return Ok(());
        }
        let mut k = first;
        while k <= last {
            let (zeros, size) = self.detail(bits)?;
            if size == 0 && zeros < 15 {
                return self.skip(bits, zeros);
            }
            // Without a size, 15 zeros are followed by one more.
            k += zeros;
            if k > last {
                return Err(impossible());
            }
            bits.take(size)?;
            *nonzero |= u64::from(size > 0) << k;
            k += 1;
        }
        Ok(())
    }

    fn detail_bits(&mut self, bits: &mut Bits, first: u32, last: u32, nonzero: &mut u64) -> Result<(), Bad> {
        let mut k = first;
        while k <= last && self.skips == 0 {
            let (zeros, size) = self.detail(bits)?;
            if size == 0 && zeros < 15 {
                self.skip(bits, zeros)?;
                return correct(bits, k, last, u32::MAX, *nonzero).map(drop);
            }
            // The sign: what was 0 before now has its first bit.
            bits.take(size)?;
            k = correct(bits, k, last, zeros, *nonzero)?;
            if size > 1 || k > last {
                return Err(impossible());
            }
            *nonzero |= u64::from(size) << k;
            k += 1;
        }
        if k <= last {
            self.skips -= 1;
            correct(bits, k, last, u32::MAX, *nonzero)?;
        }
        Ok(())
    }

    /// How many zeros stand before the next coefficient, and its number of bits.
    fn detail(&self, bits: &mut Bits) -> Result<(u32, u32), Bad> {
        bits.value(self.ac).map(|v| (u32::from(v >> 4), u32::from(v & 15)))
    }

    /// This block has no further code; in a progressive image, neither have the next ones.
    fn skip(&mut self, bits: &mut Bits, size: u32) -> Result<(), Bad> {
        if size > 0 && matches!(self.pass, Pass::Whole) {
            return Err(impossible());
        }
        self.skips = (1 << size) - 1 + bits.take(size)?;
        Ok(())
    }
}

/// Goes over `zeros` coefficients that are 0, up to the next such one. Each other on the way has a bit of correction.
fn correct(bits: &mut Bits, from: u32, last: u32, zeros: u32, nonzero: u64) -> Result<u32, Bad> {
    let mut left = zeros;
    for k in from..=last {
        if nonzero >> k & 1 == 1 {
            bits.take(1)?;
        } else if left == 0 {
            return Ok(k);
        } else {
            left -= 1;
        }
    }
    Ok(last + 1)
}

/// A block's mean, times its step, in eighths of a grey level from the middle.
///
/// An 8-bit block's lies within 1024; twice that is left to encoders that overshoot white. Damage shifts all means after it,
/// and so often drives one of them out.
pub(super) fn check_mean(mean: i32, step: i32) -> Result<i32, Bad> {
    let mean = mean.saturating_mul(step);
    if (-2048..=2048).contains(&mean) { Ok(mean) } else { Err(impossible()) }
}

pub(super) fn impossible() -> Bad {
    Bad::corrupt("the JPEG's data hold values that no image has")
}
