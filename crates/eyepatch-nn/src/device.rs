//! Where a network runs: the processor, or an NVIDIA GPU where this build has CUDA and a device answers.

use crate::error::{NnError, Result};
use candle_core::{Device, DeviceLocation};
use std::fmt;
use std::str::FromStr;

/// What a user asks for: `auto`, `cpu`, `cuda` (the first GPU) or `cuda:N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// The first GPU, else the processor with a note that says why.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// The GPU of this index, or nothing.
    Cuda(usize),
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text.split_once(':') {
            None if text == "auto" => Ok(Self::Auto),
            None if text == "cpu" => Ok(Self::Cpu),
            None if text == "cuda" => Ok(Self::Cuda(0)),
            Some(("cuda", index)) => {
                index.parse().map(Self::Cuda).map_err(|e| format!("device {index}: {e}"))
            }
            _ => Err("there are: auto, cpu, cuda, cuda:N".into()),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

/// The device that a choice came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Index of the GPU; `None` for the processor.
    pub cuda: Option<usize>,
    /// Why [`DeviceChoice::Auto`] took the processor. Show it: nobody should wait for a GPU that is not used.
    pub note: Option<String>,
}

impl Chosen {
    /// The device for networks.
    ///
    /// # Errors
    /// [`NnError::Device`] with the driver's words.
    pub fn open(&self) -> Result<Device> {
        let Some(index) = self.cuda else { return Ok(Device::Cpu) };
        open_cuda(index).map_err(|why| NnError::Device { device: self.to_string(), why })
    }
}

impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cuda {
            None => f.write_str("cpu"),
            Some(index) => write!(f, "cuda:{index}"),
        }
    }
}

fn open_cuda(index: usize) -> std::result::Result<Device, String> {
    if cfg!(not(feature = "cuda")) {
        return Err(NO_CUDA.into());
    }
    Device::new_cuda(index).map_err(|e| e.to_string())
}

/// The index of the GPU that a device is; `None` for the processor.
#[must_use]
pub fn cuda_index(device: &Device) -> Option<usize> {
    match device.location() {
        DeviceLocation::Cuda { gpu_id } => Some(gpu_id),
        _ => None,
    }
}

/// What a build without the feature says.
const NO_CUDA: &str = "built without CUDA";

/// Whether this build can use GPUs at all.
#[must_use]
pub fn has_cuda() -> bool {
    cfg!(feature = "cuda")
}

/// Turns a choice into a device. A GPU that is asked for by name is opened now, so that a mistake shows before work
/// begins.
///
/// # Errors
/// [`NnError::Device`] where a GPU was asked for and cannot be had.
pub fn choose(choice: DeviceChoice) -> Result<Chosen> {
    match choice {
        DeviceChoice::Cpu => Ok(Chosen { cuda: None, note: None }),
        DeviceChoice::Cuda(index) => {
            let chosen = Chosen { cuda: Some(index), note: None };
            chosen.open()?;
            Ok(chosen)
        }
        DeviceChoice::Auto => Ok(automatic(open_cuda(0).map(drop))),
    }
}

/// The first GPU where it opened.
fn automatic(gpu: std::result::Result<(), String>) -> Chosen {
    match gpu {
        Ok(()) => Chosen { cuda: Some(0), note: None },
        Err(why) if why == NO_CUDA => Chosen { cuda: None, note: Some(why) },
        Err(why) => Chosen { cuda: None, note: Some(format!("no device: {why}")) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_as_they_are_written() {
        for (text, choice) in
            [("auto", DeviceChoice::Auto), ("cpu", DeviceChoice::Cpu), ("cuda:3", DeviceChoice::Cuda(3))]
        {
            assert_eq!(text.parse(), Ok(choice));
            assert_eq!(choice.to_string(), text);
        }
        assert_eq!("cuda".parse(), Ok(DeviceChoice::Cuda(0)));
        for text in ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "cpu:0"] {
            assert!(text.parse::<DeviceChoice>().is_err(), "{text}");
        }
    }

    #[test]
    fn automatic_falls_back_and_says_why() {
        assert_eq!(automatic(Ok(())), Chosen { cuda: Some(0), note: None });
        let fallen = automatic(Err("CUDA_ERROR_NO_DEVICE".into()));
        assert_eq!(fallen, Chosen { cuda: None, note: Some("no device: CUDA_ERROR_NO_DEVICE".into()) });
        assert!(fallen.open().unwrap().is_cpu());
        assert_eq!(automatic(Err(NO_CUDA.into())).note.as_deref(), Some("built without CUDA"));
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_gpu_by_name_is_refused_where_there_is_none() {
        let error = choose(DeviceChoice::Cuda(1)).unwrap_err();
        assert_eq!(error.to_string(), "device cuda:1: built without CUDA");
        assert_eq!(choose(DeviceChoice::Auto).unwrap().note.as_deref(), Some("built without CUDA"));
    }
}
