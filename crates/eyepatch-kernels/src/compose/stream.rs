//! Writing past the caches. An ordinary store first reads the line that it overwrites; for a batch that no cache holds,
//! that is a third of all traffic.

/// A number that batches are written in: [`f32`], or half floats as bits ([`u16`]).
pub trait Value: Copy + Default + Send + Sync + sealed::Plain + 'static {}
impl Value for f32 {}
impl Value for u16 {}

mod sealed {
    /// Any bits are a value, and there are no others: no padding.
    pub trait Plain {}
    impl Plain for f32 {}
    impl Plain for u16 {}
}

/// Bytes from which a call's output goes past the caches: more than a core's own cache holds, so nobody would find it
/// there afterwards.
const LARGE: usize = 8 << 20;

/// Where one thread writes its part of an output.
#[derive(Clone, Copy)]
pub(crate) struct Writer {
    /// Whether ordinary stores would only be slower.
    pub(crate) past_caches: bool,
}

impl Writer {
    /// For an output of so many bytes in all.
    pub(crate) fn new(bytes: usize) -> Self {
        Self { past_caches: bytes >= LARGE }
    }

    /// Copies a strip to its place. [`Writer::finish`] must follow the last one.
    #[inline(always)]
    pub(crate) fn put<T: Value>(self, to: &mut [T], from: &[T]) {
        if self.past_caches { past_caches(to, from) } else { to.copy_from_slice(from) }
    }

    /// Makes what this thread wrote visible to all others.
    pub(crate) fn finish(self) {
        #[cfg(target_arch = "x86_64")]
        if self.past_caches {
            #[allow(unsafe_code)]
            // SAFETY: every x86-64 has SSE, and a fence touches no memory.
            unsafe {
                std::arch::x86_64::_mm_sfence();
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn past_caches<T: Value>(to: &mut [T], from: &[T]) {
    use std::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_stream_si128};

    assert_eq!(to.len(), from.len(), "a strip and its place");
    #[allow(unsafe_code)]
    // SAFETY: `T` is plain, so any of its bytes make a vector and any vector makes `T`s.
    let (head, vectors, tail) = unsafe { to.align_to_mut::<__m128i>() };
    let lanes = size_of::<__m128i>() / size_of::<T>();
    let (from_head, rest) = from.split_at(head.len());
    let (from_vectors, from_tail) = rest.split_at(vectors.len() * lanes);
    head.copy_from_slice(from_head);
    tail.copy_from_slice(from_tail);
    for (to, from) in vectors.iter_mut().zip(from_vectors.chunks_exact(lanes)) {
        #[allow(unsafe_code)]
        // SAFETY: every x86-64 has SSE2; `from` is 16 bytes and may be unaligned, `to` is an aligned vector. It is not
        // touched again before `finish`: strips do not overlap, and the caller holds the slice.
        unsafe {
            _mm_stream_si128(to, _mm_loadu_si128(from.as_ptr().cast()));
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn past_caches<T: Value>(to: &mut [T], from: &[T]) {
    to.copy_from_slice(from);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_ways_write_the_same(values in prop::collection::vec(any::<u16>(), 0..100), skip in 0usize..9) {
            let floats: Vec<f32> = values.iter().map(|&v| f32::from(v)).collect();
            for writer in [Writer::new(0), Writer::new(LARGE)] {
                // Starting anywhere, so that ends are not aligned; what lies around stays.
                let mut to = vec![7u16; skip + values.len() + 3];
                writer.put(&mut to[skip..skip + values.len()], &values);
                writer.finish();
                let expected = [&vec![7; skip][..], &values, &[7; 3]].concat();
                prop_assert_eq!(to, expected);
                let mut to = vec![7f32; skip + floats.len() + 3];
                writer.put(&mut to[skip..skip + floats.len()], &floats);
                writer.finish();
                prop_assert_eq!(to, [&vec![7.0; skip][..], &floats, &[7.0; 3]].concat());
            }
        }
    }
}
