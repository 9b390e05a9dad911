//! Where networks run, for every command that runs some.

use eyepatch_nn::device::{Chosen, DeviceChoice, choose};

use super::error::CliError;
use super::files::complain;

/// The device that was asked for; where `auto` falls back to the processor, whoever watches is told why.
pub(crate) fn chosen(choice: DeviceChoice) -> Result<Chosen, CliError> {
    let chosen = choose(choice).map_err(|e| CliError::usage(e.to_string(), remedy()))?;
    if let Some(note) = &chosen.note {
        complain(&format!("device: {chosen} ({note})"));
    }
    Ok(chosen)
}

fn remedy() -> &'static str {
    if eyepatch_nn::device::has_cuda() {
        "`eyepatch doctor` lists the devices; --device cpu needs none"
    } else {
        "leave --device out, or build with `--features cuda` (needs NVIDIA's CUDA toolkit)"
    }
}

/// The same as the engine names it.
pub(crate) fn of_run(chosen: &Chosen) -> eyepatch_core::Device {
    chosen.cuda.map_or(eyepatch_core::Device::Cpu, eyepatch_core::Device::Cuda)
}
