use crate::densenet::DenseNet;
use crate::error::{NnError, Result};
use crate::infer::{Engine, Graph, NodeId, Output, Precision};
#[cfg(feature = "cuda")]
use crate::infer::{GpuEngine, Images};
use candle_core::Device;
#[cfg(feature = "cuda")]
use candle_core::cuda_backend::cudarc::driver::CudaSlice;

/// A classifier that is only asked, never trained: on the processor through [`Engine`], on an NVIDIA GPU through
/// `GpuEngine`.
#[derive(Debug)]
pub enum Runner {
    /// Own kernels on the processor.
    Cpu(Engine),
    /// cuBLAS and own kernels on an NVIDIA GPU.
    #[cfg(feature = "cuda")]
    Gpu(GpuEngine),
}

/// What a classifier says of some images.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// Embeddings, `[n, features]`.
    pub features: Vec<f32>,
    /// `[n, classes]`.
    pub logits: Vec<f32>,
}

impl Runner {
    /// A graph's classifier on a device, with the nodes of the embedding and of the logits, both one pixel large.
    ///
    /// # Errors
    /// [`NnError::Config`] for a precision that the device does not do, [`NnError::Weights`] where a node does not
    /// exist, [`NnError::Tensor`] with the device's words.
    pub fn new(
        graph: &Graph,
        (features, logits): (NodeId, NodeId),
        device: &Device,
        precision: Precision,
    ) -> Result<Self> {
        let outputs = [features, logits];
        match (device, precision) {
            (Device::Cpu, precision) => Ok(Self::Cpu(Engine::new(graph, &outputs, precision)?)),
            #[cfg(feature = "cuda")]
            (Device::Cuda(device), precision) => {
                Ok(Self::Gpu(GpuEngine::new(graph, &outputs, device, precision)?))
            }
            (other, _) => Err(NnError::Device {
                device: format!("{:?}", other.location()),
                why: "networks are asked on processors and, where this build has CUDA, on NVIDIA GPUs".into(),
            }),
        }
    }

    /// A DenseNet on a device, which may be another than the one that its parameters live on.
    ///
    /// # Errors
    /// As [`Runner::new`].
    pub fn of(net: &DenseNet, device: &Device, precision: Precision) -> Result<Self> {
        let graph = net.graph()?;
        let node = |name: &str| {
            graph.find(name).ok_or_else(|| NnError::Weights(format!("the graph has no node {name}")))
        };
        Self::new(&graph, (node("features.pool")?, node("classifier")?), device, precision)
    }

    /// Embeddings and logits of `n` images `[n, channels, height, width]`, `size` being (height, width). On the
    /// processor it uses the threads of the current rayon pool.
    ///
    /// # Errors
    /// [`NnError::Shape`] where `pixels` do not fit or the images are too small, [`NnError::Tensor`] with the device's
    /// words.
    pub fn run(&self, pixels: &[f32], n: usize, size: (usize, usize)) -> Result<Predictions> {
        predictions(match self {
            Self::Cpu(engine) => engine.run(pixels, n, size)?,
            #[cfg(feature = "cuda")]
            Self::Gpu(engine) => engine.run(Images::Host(pixels), n, size)?,
        })
    }

    /// As [`Runner::run`], for images that lie on the runner's GPU already; `None` where it has none.
    ///
    /// # Errors
    /// As [`Runner::run`].
    #[cfg(feature = "cuda")]
    pub fn run_there(
        &self,
        images: &CudaSlice<f32>,
        n: usize,
        size: (usize, usize),
    ) -> Option<Result<Predictions>> {
        match self {
            Self::Gpu(engine) => Some(engine.run(Images::Device(images), n, size).and_then(predictions)),
            Self::Cpu(_) => None,
        }
    }

    /// What does the counting: the instruction set of the own kernels, or cuBLAS.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::Cpu(engine) => engine.unit(),
            #[cfg(feature = "cuda")]
            Self::Gpu(_) => "cuBLAS".into(),
        }
    }
}

fn predictions(outputs: Vec<Output>) -> Result<Predictions> {
    let mut outputs = outputs.into_iter();
    let mut next = |what: &str| match outputs.next() {
        Some(Output { shape: [_, _, 1, 1], values, .. }) => Ok(values),
        Some(Output { shape, .. }) => {
            let expected = "one pixel an image".into();
            Err(NnError::Shape { what: what.into(), got: shape.to_vec(), expected })
        }
        None => Err(NnError::Weights(format!("the network gave no {what}"))),
    };
    Ok(Predictions { features: next("features")?, logits: next("logits")? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::densenet::{DenseNetConfig, Stem};
    use candle_core::Tensor;

    fn pixels(n: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919) % 1009) as f32 / 1009.0).collect()
    }

    /// A network whose normalisations have seen data.
    fn network(stem: Stem) -> DenseNet {
        let config = DenseNetConfig { blocks: vec![2, 3], stem, ..DenseNetConfig::small(3, 4) };
        let mut net = DenseNet::new(config, 5, &Device::Cpu).unwrap();
        for _ in 0..3 {
            let x = Tensor::from_vec(pixels(6 * 3 * 33 * 29), (6, 3, 33, 29), &Device::Cpu).unwrap();
            net.forward_train(&x).unwrap();
        }
        net
    }

    fn apart(a: &[f32], b: &[f32]) -> f32 {
        assert_eq!(a.len(), b.len());
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn the_processor_agrees_with_the_network() {
        for (stem, (h, w)) in [(Stem::Large, (33, 29)), (Stem::Large, (64, 48)), (Stem::Small, (9, 12))] {
            let net = network(stem);
            let x = pixels(5 * 3 * h * w);
            let tensor = Tensor::from_slice(&x, (5, 3, h, w), &Device::Cpu).unwrap();
            let logits = net.forward(&tensor).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let features = net.features(&tensor).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let runner = Runner::of(&net, &Device::Cpu, Precision::F32).unwrap();
            let got = runner.run(&x, 5, (h, w)).unwrap();
            assert!(apart(&got.logits, &logits) < 1e-4, "{stem:?} {h} x {w} {}", runner.path());
            assert!(apart(&got.features, &features) < 1e-4, "{stem:?} {h} x {w} {}", runner.path());
        }
    }

    #[test]
    fn half_precision_is_near_or_refused() {
        let net = network(Stem::Large);
        let (x, size) = (pixels(2 * 3 * 64 * 64), (64, 64));
        let full = Runner::of(&net, &Device::Cpu, Precision::F32).unwrap().run(&x, 2, size).unwrap();
        match Runner::of(&net, &Device::Cpu, Precision::Bf16) {
            Ok(half) => assert!(apart(&half.run(&x, 2, size).unwrap().logits, &full.logits) < 3e-2),
            Err(e) => assert!(e.to_string().contains("neither AMX nor avx512_bf16"), "{e}"),
        }
    }

    #[test]
    fn pixels_that_do_not_fit_are_refused() {
        let net = network(Stem::Large);
        let runner = Runner::of(&net, &Device::Cpu, Precision::F32).unwrap();
        for (len, size) in [(3 * 33 * 29 - 1, (33, 29)), (3 * 4 * 2, (4, 2)), (0, (0, 5))] {
            let error = runner.run(&pixels(len), 1, size).unwrap_err();
            assert!(matches!(error, NnError::Shape { .. }), "{size:?}: {error}");
        }
    }
}
