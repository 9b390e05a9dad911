//! Images put together at their own depth.

use eyepatch_core::{Error, Image, Layout, Pixels, PixelsMut, Result};
use eyepatch_kernels::coalition::Coalitions;

use crate::{Block, Canvas, Segmentation, Shown};

/// A coalition that can be composed at any depth.
pub(super) trait Compose {
    fn compose<T: Copy + Send + Sync>(
        &self,
        image: &[T],
        hidden: &[T],
        whole: Block,
        out: &mut [T],
    ) -> Result<()>;
}

pub(super) struct Boxes<'a>(pub(super) &'a Shown);

impl Compose for Boxes<'_> {
    fn compose<T: Copy + Send + Sync>(
        &self,
        image: &[T],
        hidden: &[T],
        whole: Block,
        out: &mut [T],
    ) -> Result<()> {
        Ok(Canvas::new(image, hidden, whole, Layout::Nhwc)?.paint(self.0, out)?)
    }
}

pub(super) struct Segments<'a>(pub(super) &'a Segmentation, pub(super) &'a Coalitions, pub(super) usize);

impl Compose for Segments<'_> {
    fn compose<T: Copy + Send + Sync>(
        &self,
        image: &[T],
        hidden: &[T],
        _: Block,
        out: &mut [T],
    ) -> Result<()> {
        Ok(self.0.paint(image, hidden, (self.1, self.2), out)?)
    }
}

pub(super) fn compose(
    (image, hidden): (&Image, &Image),
    out: &mut Image,
    coalition: impl Compose,
) -> Result<()> {
    let whole = Block::image(image.height(), image.width(), image.channels())?;
    match (image.pixels(), hidden.pixels(), out.pixels_mut()) {
        (Pixels::U8(a), Pixels::U8(b), PixelsMut::U8(out)) => coalition.compose(a, b, whole, out),
        (Pixels::U16(a), Pixels::U16(b), PixelsMut::U16(out)) => coalition.compose(a, b, whole, out),
        (Pixels::F32(a), Pixels::F32(b), PixelsMut::F32(out)) => coalition.compose(a, b, whole, out),
        _ => Err(Error::shape("baseline", "the image's depth", "another")),
    }
}
