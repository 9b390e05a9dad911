//! Masks as run-length codes in CheXmask's form: pairs `start length` of decimal numbers with white space between
//! them, pixels counted from 1, rows first; a run may go on in the next row. An empty code is an empty mask.

use super::bits::for_each_run;
use super::check;
use crate::KernelError;

/// What is wrong with a number of a run-length code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunProblem {
    /// Not a decimal number, or one that no image has pixels for.
    #[error("not a whole number of pixels")]
    NotANumber,
    /// The code ends after a start.
    #[error("a start without a length: the code must have an even count of numbers")]
    NoLength,
    /// Pixels are counted from 1.
    #[error("runs start at 1, the first pixel")]
    ZeroStart,
    /// A run of no pixels.
    #[error("a run has 1 pixel or more")]
    ZeroLength,
    /// The run does not end inside the image.
    #[error("its run ends at pixel {end} of an image of {pixels}: is this the image's own size?")]
    BeyondImage {
        /// The run's last pixel, from 1.
        end: usize,
        /// Pixels of the image.
        pixels: usize,
    },
}

/// Sets the code's pixels to 1 in `out`, `width * height` bytes, and leaves all others as they are: decode several
/// structures into one buffer to unite them. Runs may come in any order and overlap. Linear in code and pixels.
///
/// # Errors
/// [`KernelError::MaskShape`] where a side is 0 or `out` is not `width * height` long, [`KernelError::RunLength`] with
/// the place of the number that cannot be; the runs before it may then have been written.
pub fn decode_into(code: &str, width: usize, height: usize, out: &mut [u8]) -> Result<(), KernelError> {
    check(out, width, height)?;
    let mut painter = Painter { out, start: 0, end: 0, unsorted: Vec::new() };
    let mut numbers = code.split_ascii_whitespace().enumerate();
    while let Some((k, token)) = numbers.next() {
        let at = |k: usize, token, problem| Err(refuse(k, token, problem));
        let Some(start) = number(token) else { return at(k, token, RunProblem::NotANumber) };
        if start == 0 {
            return at(k, token, RunProblem::ZeroStart);
        }
        let Some((next, token)) = numbers.next() else { return at(k, token, RunProblem::NoLength) };
        let end = match number(token) {
            None => return at(next, token, RunProblem::NotANumber),
            Some(0) => return at(next, token, RunProblem::ZeroLength),
            Some(length) => (start - 1).saturating_add(length),
        };
        let pixels = painter.out.len();
        if end > pixels {
            return at(next, token, RunProblem::BeyondImage { end, pixels });
        }
        painter.paint(start - 1, end);
    }
    painter.finish();
    Ok(())
}

/// The union of several structures' codes as a mask of 0 and 1; see [`decode_into`].
///
/// # Errors
/// As [`decode_into`].
pub fn decode<'a>(
    codes: impl IntoIterator<Item = &'a str>,
    width: usize,
    height: usize,
) -> Result<Vec<u8>, KernelError> {
    let pixels = width.saturating_mul(height);
    let mut out = Vec::new();
    // Sizes come from tables; a wrong one must not end the program.
    if out.try_reserve_exact(pixels).is_err() {
        return Err(KernelError::MaskShape { width, height, len: 0 });
    }
    out.resize(pixels, 0);
    check(&out, width, height)?;
    codes.into_iter().try_for_each(|code| decode_into(code, width, height, &mut out))?;
    Ok(out)
}

/// The mask as a code: runs in order, as long as they can be, single spaces between numbers.
#[must_use]
pub fn encode(mask: &[u8]) -> String {
    let mut code = String::new();
    for_each_run(mask, |start, end| {
        for number in [start + 1, end - start] {
            if !code.is_empty() {
                code.push(' ');
            }
            push_number(&mut code, number);
        }
    });
    code
}

/// A decimal number without sign. A length or start as large as `usize::MAX` is beyond every image.
fn number(token: &str) -> Option<usize> {
    token.bytes().try_fold(0usize, |so_far, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| so_far.saturating_mul(10).saturating_add(usize::from(digit)))
    })
}

/// Faster than formatting, which is most of the work otherwise.
fn push_number(code: &mut String, mut number: usize) {
    let mut digits = ['0'; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = char::from(b'0' + (number % 10) as u8);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    code.extend(&digits[first..]);
}

fn refuse(index: usize, token: &str, problem: RunProblem) -> KernelError {
    KernelError::RunLength { position: index + 1, token: token.chars().take(24).collect(), problem }
}

/// Writes runs in a time that is linear even where they overlap.
struct Painter<'a> {
    out: &'a mut [u8],
    /// Start of the last run that came in order, and the furthest end so far: what lies between is painted.
    start: usize,
    end: usize,
    /// Runs out of order: at each pixel, how many more begin here than end here (wrapping). Empty if there is none.
    unsorted: Vec<u32>,
}

impl Painter<'_> {
    fn paint(&mut self, start: usize, end: usize) {
        if start >= self.start {
            // All from `self.start` to `self.end` need not be painted, but what of this run lies there is.
            let fresh = start.max(self.end);
            if fresh < end {
                self.out[fresh..end].fill(1);
            }
            self.start = start;
            self.end = self.end.max(end);
            return;
        }
        if self.unsorted.is_empty() {
            self.unsorted = vec![0; self.out.len() + 1];
        }
        self.unsorted[start] = self.unsorted[start].wrapping_add(1);
        self.unsorted[end] = self.unsorted[end].wrapping_sub(1);
    }

    fn finish(self) {
        let mut open = 0u32;
        for (byte, &change) in self.out.iter_mut().zip(&self.unsorted) {
            open = open.wrapping_add(change);
            if open != 0 {
                *byte = 1;
            }
        }
    }
}
