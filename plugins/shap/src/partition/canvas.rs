use eyepatch_core::Layout;
use rayon::prelude::*;

use super::{Block, Shown};
use crate::Error;

/// An image and what hides it, from which coalitions are composed by copying rows of boxes. No mask is made, and every
/// value is written once.
#[derive(Debug, Clone, Copy)]
pub struct Canvas<'a, T> {
    image: &'a [T],
    background: &'a [T],
    whole: Block,
    layout: Layout,
}

impl<'a, T: Copy + Send + Sync> Canvas<'a, T> {
    /// `image` and `background` are one image each of the size of `whole`: planes (CHW, [`Layout::Nchw`]) or
    /// interleaved (HWC, [`Layout::Nhwc`]).
    ///
    /// # Errors
    /// [`Error::Length`] where one of them has another number of values.
    pub fn new(image: &'a [T], background: &'a [T], whole: Block, layout: Layout) -> Result<Self, Error> {
        Error::length("the image", whole.values(), image.len())?;
        Error::length("the background", whole.values(), background.len())?;
        Ok(Self { image, background, whole, layout })
    }

    /// Composes one coalition.
    ///
    /// # Errors
    /// [`Error::Length`] where `out` is not as long as the image.
    pub fn paint(&self, shown: &Shown, out: &mut [T]) -> Result<(), Error> {
        Error::length("the composed image", self.image.len(), out.len())?;
        for (block, inside) in shown.pieces() {
            self.copy(&block, if inside { self.image } else { self.background }, out);
        }
        Ok(())
    }

    /// Composes one coalition after the other, shared out over rayon's threads.
    ///
    /// # Errors
    /// [`Error::Length`] where `out` is not as long as all of them.
    pub fn paint_all(&self, shown: &[Shown], out: &mut [T]) -> Result<(), Error> {
        Error::length("the composed images", self.image.len() * shown.len(), out.len())?;
        let places = out.par_chunks_exact_mut(self.image.len());
        shown.par_iter().zip(places).try_for_each(|(shown, out)| self.paint(shown, out))
    }

    fn copy(&self, block: &Block, source: &[T], out: &mut [T]) {
        let (height, width, channels) = self.whole.size();
        let range = |(start, end): (u32, u32)| start as usize..end as usize;
        let (rows, columns, depth) = (range(block.rows), range(block.columns), range(block.channels));
        match self.layout {
            Layout::Nchw => {
                for plane in depth {
                    let (start, end) = (plane * height + rows.start, plane * height + rows.end);
                    if columns.len() == width {
                        out[start * width..end * width].copy_from_slice(&source[start * width..end * width]);
                        continue;
                    }
                    for row in start..end {
                        let span = row * width + columns.start..row * width + columns.end;
                        out[span.clone()].copy_from_slice(&source[span]);
                    }
                }
            }
            // Blocks of some channels only are single pixels: then `columns` is one column, and the span lies within it.
            Layout::Nhwc => {
                for row in rows {
                    let start = (row * width + columns.start) * channels + depth.start;
                    let end = (row * width + columns.end - 1) * channels + depth.end;
                    out[start..end].copy_from_slice(&source[start..end]);
                }
            }
        }
    }
}
