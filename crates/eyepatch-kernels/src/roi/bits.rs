//! Rows of one bit a pixel, 64 pixels a word, the leftmost pixel in the lowest bit; and the runs that they show.

/// Pixels in a word.
pub(super) const WORD: usize = 64;

/// The high bit of each byte.
const HIGH: u64 = 0x8080_8080_8080_8080;

/// One bit for each of 8 bytes: whether it is not 0.
#[inline(always)]
fn pack8(bytes: [u8; 8]) -> u64 {
    let x = u64::from_le_bytes(bytes);
    // Adding 0x7f carries any low bit into the high one; no byte carries into the next.
    let inside = (((x & !HIGH) + !HIGH) | x) & HIGH;
    // The product moves the eight bits into the highest byte; no two of them meet in one place.
    (inside >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[inline(always)]
fn pack64(bytes: &[u8; WORD]) -> u64 {
    let (eights, _) = bytes.as_chunks::<8>();
    eights.iter().enumerate().fold(0, |word, (k, &eight)| word | pack8(eight) << (8 * k))
}

/// Up to 64 pixels as a word; those that are not there count as outside.
#[inline(always)]
fn pack_some(bytes: &[u8]) -> u64 {
    let mut all = [0; WORD];
    all[..bytes.len()].copy_from_slice(bytes);
    pack64(&all)
}

/// Packs a row into `words`, one for every 64 pixels begun.
#[inline(always)]
pub(super) fn pack_row(row: &[u8], words: &mut [u64]) {
    let (chunks, rest) = row.as_chunks::<WORD>();
    for (word, chunk) in words.iter_mut().zip(chunks) {
        *word = pack64(chunk);
    }
    if !rest.is_empty() {
        words[chunks.len()] = pack_some(rest);
    }
}

/// Where pixels differ from their left neighbour, bit by bit; `left` is the word to the left, shifted into the lowest
/// bit.
#[inline(always)]
pub(super) fn edges(word: u64, left: u64) -> u64 {
    word ^ (word << 1 | left)
}

/// Calls `each` with start and end (excluded) of every run of inside pixels, in order.
#[inline(always)]
pub(super) fn for_each_run(row: &[u8], mut each: impl FnMut(usize, usize)) {
    let (chunks, rest) = row.as_chunks::<WORD>();
    let words = chunks.iter().map(pack64).chain((!rest.is_empty()).then(|| pack_some(rest)));
    let (mut open, mut left) = (None, 0);
    for (k, word) in words.enumerate() {
        let mut edges = edges(word, left);
        left = word >> 63;
        while edges != 0 {
            let at = k * WORD + edges.trailing_zeros() as usize;
            match open.take() {
                // The pixels past the end count as outside and close a run themselves.
                Some(start) => each(start, at),
                None => open = Some(at),
            }
            edges &= edges - 1;
        }
    }
    if let Some(start) = open {
        each(start, row.len());
    }
}
