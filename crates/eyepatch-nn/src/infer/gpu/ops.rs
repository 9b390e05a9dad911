use crate::error::Result;
use eyepatch_kernels::cuda::{Columns, Slide};
use std::ops::Range;

/// Scale and shift, one a channel each, if any, and whether a ReLU follows.
pub(in crate::infer) type Change<'a, B> = (Option<(&'a B, &'a B)>, bool);

/// What a GPU does for a network; `eyepatch_kernels::cuda::Kernels` has the same methods, which say more.
pub(in crate::infer) trait Ops {
    /// f32 values on the device.
    type Buffer;

    fn alloc(&self, len: usize) -> Result<Self::Buffer>;
    fn upload(&self, values: &[f32]) -> Result<Self::Buffer>;
    fn download(&self, buffer: &Self::Buffer) -> Result<Vec<f32>>;
    fn len(&self, buffer: &Self::Buffer) -> usize;

    fn pixels(
        &self,
        x: &Self::Buffer,
        y: &mut Self::Buffer,
        images: Range<usize>,
        of: (usize, usize),
    ) -> Result<()>;
    fn affine(
        &self,
        x: (&Self::Buffer, Columns),
        change: Change<'_, Self::Buffer>,
        y: (&mut Self::Buffer, Columns),
        pixels: usize,
    ) -> Result<()>;
    fn affine_mean(
        &self,
        x: (&Self::Buffer, Columns),
        change: Change<'_, Self::Buffer>,
        y: (&mut Self::Buffer, Columns),
        slide: Slide,
    ) -> Result<()>;
    fn bias(
        &self,
        y: (&mut Self::Buffer, Columns),
        bias: &Self::Buffer,
        relu: bool,
        pixels: usize,
    ) -> Result<()>;
    fn taps(
        &self,
        x: &Self::Buffer,
        bias: &Self::Buffer,
        relu: bool,
        y: (&mut Self::Buffer, Columns),
        slide: Slide,
    ) -> Result<()>;
    fn columns(&self, x: (&Self::Buffer, Columns), y: &mut Self::Buffer, slide: Slide) -> Result<()>;
    fn pool(
        &self,
        x: (&Self::Buffer, Columns),
        y: (&mut Self::Buffer, Columns),
        mean: bool,
        slide: Slide,
    ) -> Result<()>;
    fn add(
        &self,
        a: (&Self::Buffer, Columns),
        b: (&Self::Buffer, Columns),
        relu: bool,
        y: (&mut Self::Buffer, Columns),
        pixels: usize,
    ) -> Result<()>;
    fn mean(
        &self,
        x: (&Self::Buffer, Columns),
        change: Change<'_, Self::Buffer>,
        y: &mut Self::Buffer,
        of: (usize, usize),
    ) -> Result<()>;
    /// `y = x weights`, row by row; `weights` are `[channels of x, channels of y]`.
    fn product(
        &self,
        x: (&Self::Buffer, Columns),
        weights: &Self::Buffer,
        y: (&mut Self::Buffer, Columns),
        rows: usize,
    ) -> Result<()>;
}

#[cfg(feature = "cuda")]
mod cuda {
    use super::{Change, Columns, Ops, Range, Result, Slide};
    use crate::error::NnError;
    use candle_core::cuda_backend::cudarc::driver::CudaSlice;
    use eyepatch_kernels::KernelError;
    use eyepatch_kernels::cuda::{self, Candle, Gpu, Kernels};

    /// The kernels on candle's device, and how wide the factors of products are.
    #[derive(Debug)]
    pub(in crate::infer) struct Cuda {
        pub(in crate::infer) kernels: Kernels<Candle>,
        pub(in crate::infer) narrow: bool,
    }

    type Buffer = CudaSlice<f32>;

    fn done<T>(result: std::result::Result<T, KernelError>) -> Result<T> {
        result.map_err(NnError::from)
    }

    fn of<'a>((affine, relu): Change<'a, Buffer>) -> cuda::Change<'a, Candle> {
        cuda::Change { affine, relu }
    }

    impl Ops for Cuda {
        type Buffer = Buffer;

        fn alloc(&self, len: usize) -> Result<Buffer> {
            done(self.kernels.gpu().alloc(len))
        }

        fn upload(&self, values: &[f32]) -> Result<Buffer> {
            done(self.kernels.gpu().upload(values))
        }

        fn download(&self, buffer: &Buffer) -> Result<Vec<f32>> {
            done(self.kernels.gpu().download(buffer))
        }

        fn len(&self, buffer: &Buffer) -> usize {
            self.kernels.gpu().len(buffer)
        }

        fn pixels(&self, x: &Buffer, y: &mut Buffer, images: Range<usize>, of: (usize, usize)) -> Result<()> {
            done(self.kernels.pixels(x, y, images, of))
        }

        fn affine(
            &self,
            x: (&Buffer, Columns),
            change: Change<'_, Buffer>,
            y: (&mut Buffer, Columns),
            pixels: usize,
        ) -> Result<()> {
            done(self.kernels.affine(x, &of(change), y, pixels))
        }

        fn affine_mean(
            &self,
            x: (&Buffer, Columns),
            change: Change<'_, Buffer>,
            y: (&mut Buffer, Columns),
            slide: Slide,
        ) -> Result<()> {
            done(self.kernels.affine_mean(x, &of(change), y, slide))
        }

        fn bias(&self, y: (&mut Buffer, Columns), bias: &Buffer, relu: bool, pixels: usize) -> Result<()> {
            done(self.kernels.bias(y, bias, relu, pixels))
        }

        fn taps(
            &self,
            x: &Buffer,
            bias: &Buffer,
            relu: bool,
            y: (&mut Buffer, Columns),
            slide: Slide,
        ) -> Result<()> {
            done(self.kernels.taps(x, bias, relu, y, slide))
        }

        fn columns(&self, x: (&Buffer, Columns), y: &mut Buffer, slide: Slide) -> Result<()> {
            done(self.kernels.columns(x, y, slide))
        }

        fn pool(
            &self,
            x: (&Buffer, Columns),
            y: (&mut Buffer, Columns),
            mean: bool,
            slide: Slide,
        ) -> Result<()> {
            done(self.kernels.pool(x, y, mean, slide))
        }

        fn add(
            &self,
            a: (&Buffer, Columns),
            b: (&Buffer, Columns),
            relu: bool,
            y: (&mut Buffer, Columns),
            pixels: usize,
        ) -> Result<()> {
            done(self.kernels.add(a, b, relu, y, pixels))
        }

        fn mean(
            &self,
            x: (&Buffer, Columns),
            change: Change<'_, Buffer>,
            y: &mut Buffer,
            sizes: (usize, usize),
        ) -> Result<()> {
            done(self.kernels.mean(x, &of(change), y, sizes))
        }

        fn product(
            &self,
            x: (&Buffer, Columns),
            weights: &Buffer,
            y: (&mut Buffer, Columns),
            rows: usize,
        ) -> Result<()> {
            done(self.kernels.gpu().product(x, weights, y, rows, self.narrow))
        }
    }
}

#[cfg(feature = "cuda")]
pub(super) use cuda::Cuda;
