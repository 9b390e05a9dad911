//! The CUDA kernels against the CPU's: compiled for the host and really run, and on a GPU where there is one.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may")]

mod cases;
mod device;
mod network;
mod shim;

use eyepatch_kernels::KernelError;
use eyepatch_kernels::cuda::{Kernels, Masks};
use shim::HostShim;

use crate::device::{Cpu, Device};

/// An H100's.
const SHARED: usize = 227 * 1024;

fn with_shim(test: impl FnOnce(&std::path::Path)) {
    if let Some(program) = shim::compiled() {
        test(program);
    }
}

/// The body agrees with itself.
#[test]
fn cpu() {
    cases::small(&Cpu);
}

#[test]
fn sources_on_the_host() {
    with_shim(|program| cases::small(&Kernels::new(HostShim::start(program, SHARED))));
}

#[test]
fn a_network_and_boxes_on_the_host() {
    with_shim(|program| {
        let kernels = Kernels::new(HostShim::start(program, SHARED));
        network::small(&kernels);
        cases::boxes(&kernels);
    });
}

/// Little shared memory makes narrow tiles; too little is an error that says how tall an image may be.
#[test]
fn tiles_of_every_width_on_the_host() {
    with_shim(|program| {
        let size = Masks { images: 3, height: 40, width: 70 };
        let masks = cases::masks(size, &mut cases::Numbers::new(5));
        let radii = [-3, 0, 2, 7];
        let expected = (Cpu.levels(&masks, size).unwrap(), Cpu.sweep(&masks, size, &radii).unwrap());
        // 3 blocks of 32 columns (4,608 bytes each), of 16 (3,328), of 8 (2,688); one of 8.
        for shared in [14_000, 12_000, 9_000, 2_700] {
            let device = Kernels::new(HostShim::start(program, shared));
            let levels = Device::levels(&device, &masks, size).unwrap();
            let sweep = Device::sweep(&device, &masks, size, &radii).unwrap();
            assert!((&levels, &sweep) == (&expected.0, &expected.1), "{shared} bytes");
        }
        let device = Kernels::new(HostShim::start(program, 2_600));
        let refused = Device::levels(&device, &masks, size);
        assert!(matches!(refused, Err(KernelError::TooLarge { found: 40, limit: 34, .. })), "{refused:?}");
        let wide = Masks { images: 1, height: 1, width: 32_767 };
        let refused = Device::levels(&device, &vec![0; wide.len()], wide);
        assert!(matches!(refused, Err(KernelError::TooLarge { limit: 32_767, .. })), "{refused:?}");
    });
}

#[cfg(feature = "cuda")]
mod gpu {
    use candle_core::CudaDevice;
    use candle_core::backend::BackendDevice;
    use eyepatch_kernels::cuda::{Candle, Columns, Gpu, Kernels, Source, compile};

    use super::{cases, network};

    /// NVRTC takes every source. Needs no GPU.
    #[test]
    fn nvrtc_takes_every_source() {
        for source in Source::ALL {
            let ptx = compile(source, "compute_90").unwrap();
            assert!(ptx.contains(".entry"), "{source:?}");
        }
    }

    fn with_gpu(test: impl FnOnce(Candle)) {
        match CudaDevice::new(0) {
            Ok(device) => test(Candle::new(&device).unwrap()),
            Err(e) => println!("SKIPPED: no GPU ({e})"),
        }
    }

    #[test]
    fn on_the_gpu() {
        with_gpu(|gpu| cases::small(&Kernels::new(gpu)));
    }

    #[test]
    fn a_network_and_boxes_on_the_gpu() {
        with_gpu(|gpu| {
            let kernels = Kernels::new(gpu);
            network::small(&kernels);
            cases::boxes(&kernels);
        });
    }

    /// cuBLAS, with columns of wider rows on both sides.
    #[test]
    fn products_on_the_gpu() {
        with_gpu(|gpu| {
            let (rows, k, n) = (37, 20, 24);
            let mut numbers = cases::Numbers::new(11);
            let from = Columns { offset: 4, channels: k, stride: k + 8 };
            let to = Columns { offset: 8, channels: n, stride: n + 12 };
            let (a, b) = (numbers.floats(rows * from.stride), numbers.floats(k * n));
            let before = numbers.floats(rows * to.stride);
            for (narrow, allowed) in [(false, 1e-5), (true, 2e-3)] {
                let (a_there, b_there) = (gpu.upload(&a).unwrap(), gpu.upload(&b).unwrap());
                let mut c = gpu.upload(&before).unwrap();
                gpu.product((&a_there, from), &b_there, (&mut c, to), rows, narrow).unwrap();
                for (i, (&found, &was)) in gpu.download(&c).unwrap().iter().zip(&before).enumerate() {
                    let (row, column) = (i / to.stride, i % to.stride);
                    let Some(o) = column.checked_sub(8).filter(|&o| o < n) else {
                        assert_eq!(found.to_bits(), was.to_bits(), "beside the product");
                        continue;
                    };
                    let term = |j: usize| f64::from(a[row * from.stride + 4 + j]) * f64::from(b[j * n + o]);
                    let (sum, size) = (0..k).fold((0.0, 0.0), |(s, t), j| (s + term(j), t + term(j).abs()));
                    assert!((f64::from(found) - sum).abs() < allowed * size, "{found} is not {sum}");
                }
            }
            let (a, b) = (gpu.upload(&a).unwrap(), gpu.upload(&b[1..]).unwrap());
            let mut c = gpu.upload(&before).unwrap();
            assert!(gpu.product((&a, from), &b, (&mut c, to), rows, false).is_err());
        });
    }

    #[test]
    fn large_on_the_gpu() {
        with_gpu(|gpu| cases::large(&Kernels::new(gpu)));
    }

    #[test]
    fn buffers_become_tensors() {
        with_gpu(|gpu| {
            let buffer = gpu.upload(&[1f32, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
            assert!(gpu.tensor(buffer.clone(), (2, 2)).is_err());
            let tensor = gpu.tensor(buffer, (2, 3)).unwrap();
            assert_eq!(tensor.to_vec2::<f32>().unwrap(), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        });
    }
}
