use std::ops::{Deref, DerefMut};

/// Numbers a cache line.
const LINE: usize = 16;

/// Numbers that begin at a cache line: a register that is read across two lines takes twice as long.
#[derive(Debug, Default)]
pub struct Buffer {
    raw: Vec<f32>,
    start: usize,
    len: usize,
}

impl Buffer {
    /// Changes the length. What the buffer holds is kept only while it need not move; new numbers are zero or old.
    pub fn resize(&mut self, len: usize) {
        if self.start + len > self.raw.len() {
            // Not copied: nobody needs it.
            self.raw = Vec::new();
            self.raw = vec![0.0; len + LINE];
            self.start = self.raw.as_ptr().align_offset(4 * LINE).min(LINE);
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

impl From<&[f32]> for Buffer {
    fn from(values: &[f32]) -> Self {
        let mut buffer = Self::default();
        buffer.resize(values.len());
        buffer.copy_from_slice(values);
        buffer
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        Self::from(&**self)
    }
}

impl Deref for Buffer {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        &self.raw[self.start..self.start + self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
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
