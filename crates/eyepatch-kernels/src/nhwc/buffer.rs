use std::ops::{Deref, DerefMut};

/// Bytes a cache line.
const LINE: usize = 64;

/// Numbers that begin at a cache line: a register that is read across two lines takes twice as long.
#[derive(Debug, Default)]
pub struct Buffer<T = f32> {
    raw: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: Copy + Default> Buffer<T> {
    /// Changes the length. What the buffer holds is kept only while it need not move; new numbers are zero or old.
    pub fn resize(&mut self, len: usize) {
        if self.start + len > self.raw.len() {
            let room = LINE / size_of::<T>();
            // Given back first, and not copied: nobody needs it.
            self.raw = Vec::new();
            self.raw = vec![T::default(); len + room];
            self.start = self.raw.as_ptr().align_offset(LINE).min(room);
        }
        self.len = len;
    }

    /// Changes the length where the buffer is too short.
    pub fn at_least(&mut self, len: usize) {
        if self.len < len {
            self.resize(len);
        }
    }

    /// Numbers it can hold without moving.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.raw.len() - self.start
    }
}

impl<T: Copy + Default> From<&[T]> for Buffer<T> {
    fn from(values: &[T]) -> Self {
        let mut buffer = Self::default();
        buffer.resize(values.len());
        buffer.copy_from_slice(values);
        buffer
    }
}

impl<T: Copy + Default> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        Self::from(&**self)
    }
}

impl<T> Deref for Buffer<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.raw[self.start..self.start + self.len]
    }
}

impl<T> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.raw[self.start..self.start + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_at_a_line_and_keeps_what_need_not_move() {
        let mut b = Buffer::from([1.0, 2.0, 3.0].as_slice());
        assert!(b.as_ptr().addr().is_multiple_of(64));
        b.resize(2);
        b.at_least(3);
        assert_eq!((&*b, b.capacity() >= 3), ([1.0, 2.0, 3.0].as_slice(), true));
        b.resize(1000);
        assert!(b.as_ptr().addr().is_multiple_of(64) && b.len() == 1000);
        assert_eq!(b.clone().len(), 1000);
    }
}
