//! The CUDA kernels against the CPU's: compiled for the host and really run, and on a GPU where there is one.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may")]

mod cases;
mod device;
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
    use eyepatch_kernels::cuda::{Candle, Gpu, Kernels, Source, compile};

    use super::cases;

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
