use super::step::Scratch;
use eyepatch_kernels::nhwc::Buffer;

/// What a thread works with, and keeps for the next run.
#[derive(Debug, Default)]
pub(super) struct Arena {
    /// Buffer by buffer of the program; empty where it is not in use.
    pub(super) buffers: Vec<Buffer>,
    pub(super) free: Vec<Buffer>,
    pub(super) scratch: Vec<Scratch>,
}

impl Arena {
    /// A buffer of this length: the smallest free one that has room, or a new one in place of the largest, so that images
    /// of ever other sizes do not leave ever more buffers behind.
    pub(super) fn take(&mut self, len: usize) -> Buffer {
        let free = || self.free.iter().enumerate().map(|(i, b)| (i, b.capacity()));
        let best = free().filter(|b| b.1 >= len).min_by_key(|b| b.1);
        let mut buffer = match best.or_else(|| free().max_by_key(|b| b.1)) {
            Some((i, _)) => self.free.swap_remove(i),
            None => Buffer::default(),
        };
        buffer.resize(len);
        buffer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ever_larger_images_leave_no_buffers_behind() {
        let mut arena = Arena::default();
        for size in 1..100 {
            let taken = [arena.take(size), arena.take(2 * size), arena.take(3 * size)];
            assert!(taken.iter().zip(1..).all(|(b, n)| b.len() == n * size));
            arena.free.extend(taken);
        }
        assert_eq!(arena.free.len(), 3);
    }

    #[test]
    fn the_smallest_that_has_room_is_taken() {
        let mut arena = Arena {
            free: [500, 100, 300].map(|n| Buffer::from(vec![0.0; n].as_slice())).into(),
            ..Arena::default()
        };
        assert!((200..500).contains(&arena.take(200).capacity()));
        assert_eq!(arena.free.len(), 2);
    }
}
