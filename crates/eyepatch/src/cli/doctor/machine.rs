//! Memory, processor and GPUs.

use std::fmt;

use serde::Serialize;

/// Bytes of memory; `None` where the system does not tell.
#[derive(Serialize)]
pub(super) struct Memory {
    total: Option<u64>,
    available: Option<u64>,
    /// What a container allows, where that is less than there is.
    limit: Option<u64>,
}

impl Memory {
    pub(super) fn look() -> Self {
        let info = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let total = of_meminfo(&info, "MemTotal");
        let limit =
            std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|l| l.trim().parse().ok());
        let limit = limit.filter(|l| total.is_none_or(|total| *l < total));
        Self { total, available: of_meminfo(&info, "MemAvailable"), limit }
    }
}

/// A line of `/proc/meminfo`, in bytes.
fn of_meminfo(info: &str, name: &str) -> Option<u64> {
    let line = info.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':'))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / (1u64 << 30) as f64)
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [("", self.total), (" available", self.available), (" allowed", self.limit)];
        let known = named.iter().filter_map(|(name, bytes)| bytes.map(|b| gib(b) + name));
        let known: Vec<String> = known.collect();
        f.write_str(if known.is_empty() { "unknown" } else { "" })?;
        f.write_str(&known.join(", "))
    }
}

/// What matters here of what this processor can do, by the names of Linux.
pub(super) fn cpu_features() -> Vec<&'static str> {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        // The standard library tells of AMX in unstable Rust only.
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let flags = info.lines().find(|l| l.starts_with("flags")).unwrap_or_default();
        let flagged = |name: &str| flags.split_whitespace().any(|f| f == name);
        let found = [
            ("avx2", has!("avx2")),
            ("fma", has!("fma")),
            ("avx512f", has!("avx512f")),
            ("avx512bw", has!("avx512bw")),
            ("avx512dq", has!("avx512dq")),
            ("avx512vl", has!("avx512vl")),
            ("avx512_bf16", has!("avx512bf16")),
            ("amx_tile", flagged("amx_tile")),
            ("amx_bf16", flagged("amx_bf16")),
        ];
        found.into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect()
    }
    #[cfg(not(target_arch = "x86_64"))]
    Vec::new()
}

/// The CUDA side of this build and this machine.
#[derive(Serialize)]
pub(super) struct Cuda {
    built: bool,
    cudnn: bool,
    /// What the kernel module calls itself.
    driver: Option<String>,
    /// CUDA versions of the driver and of the run-time compiler.
    driver_cuda: Option<String>,
    nvrtc: Option<String>,
    cards: Vec<Card>,
    /// The driver's words where there is no card.
    error: Option<String>,
    /// Whether our own kernels compile, for the first card, or without one for compute capability 9.0.
    pub(super) kernels: Vec<Kernels>,
}

#[derive(Serialize)]
struct Card {
    name: String,
    capability: String,
    memory: u64,
    free: u64,
}

#[derive(Serialize)]
pub(super) struct Kernels {
    pub(super) source: &'static str,
    /// The compiler's words; `None` where all is well.
    pub(super) error: Option<String>,
}

impl Cuda {
    #[cfg(not(feature = "cuda"))]
    pub(super) fn look() -> Self {
        Self {
            built: false,
            cudnn: false,
            driver: module_version(),
            driver_cuda: None,
            nvrtc: None,
            cards: Vec::new(),
            error: None,
            kernels: Vec::new(),
        }
    }

    #[cfg(feature = "cuda")]
    pub(super) fn look() -> Self {
        use eyepatch_kernels::cuda::{Source, cards, compile, versions};
        let version = |v: Option<(i32, i32)>| v.map(|(major, minor)| format!("{major}.{minor}"));
        let versions = versions();
        let (cards, error) = match cards() {
            Ok(cards) => (cards, None),
            Err(e) => (Vec::new(), Some(e.to_string())),
        };
        let (major, minor) = cards.first().map_or((9, 0), |c| c.capability);
        let compiled = |source: Source| {
            let error = compile(source, &format!("compute_{major}{minor}")).err();
            Kernels { source: source.name(), error: error.map(|e| e.to_string()) }
        };
        let card = |c: eyepatch_kernels::cuda::Card| Card {
            name: c.name,
            capability: format!("{}.{}", c.capability.0, c.capability.1),
            memory: c.memory as u64,
            free: c.free as u64,
        };
        Self {
            built: true,
            cudnn: cfg!(feature = "cudnn"),
            driver: module_version(),
            driver_cuda: version(versions.driver),
            nvrtc: version(versions.nvrtc),
            cards: cards.into_iter().map(card).collect(),
            error,
            kernels: Source::ALL.into_iter().map(compiled).collect(),
        }
    }
}

/// Version of NVIDIA's kernel module: `NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  …`.
fn module_version() -> Option<String> {
    of_module(&std::fs::read_to_string("/proc/driver/nvidia/version").ok()?)
}

fn of_module(text: &str) -> Option<String> {
    let number = |w: &&str| w.contains('.') && w.chars().all(|c| c.is_ascii_digit() || c == '.');
    text.lines().next()?.split_whitespace().find(number).map(str::to_owned)
}

impl fmt::Display for Cuda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unknown = |v: &Option<String>| v.clone().unwrap_or_else(|| "unknown".into());
        if !self.built {
            let driver =
                self.driver.as_ref().map_or(String::new(), |d| format!("; NVIDIA's driver {d} is there"));
            return writeln!(f, "cuda: not built in{driver}");
        }
        writeln!(
            f,
            "cuda: driver {} (CUDA {}), NVRTC {}, cuDNN {}",
            unknown(&self.driver),
            unknown(&self.driver_cuda),
            unknown(&self.nvrtc),
            if self.cudnn { "built in" } else { "not built in" }
        )?;
        for (i, card) in self.cards.iter().enumerate() {
            let (memory, free) = (gib(card.memory), gib(card.free));
            writeln!(f, "cuda:{i}: {}, capability {}, {memory}, {free} free", card.name, card.capability)?;
        }
        if let Some(error) = &self.error {
            writeln!(f, "cuda: no device: {error}")?;
        }
        for kernels in &self.kernels {
            let state = kernels.error.as_ref().map_or("compiles", |_| "does not compile");
            writeln!(f, "kernels {}: {state}", kernels.source)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meminfo_and_module_version_are_read() {
        let info = "MemTotal:       24613272 kB\nMemFree:  1 kB\nMemAvailable:   23000000 kB\nOdd: 5\n";
        assert_eq!(of_meminfo(info, "MemTotal"), Some(24_613_272 * 1024));
        assert_eq!(of_meminfo(info, "MemAvailable"), Some(23_000_000 * 1024));
        assert_eq!(of_meminfo(info, "Mem"), None);
        assert_eq!(of_meminfo(info, "Odd"), None);
        let module =
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul\nGCC version: 12.2.0";
        assert_eq!(of_module(module).as_deref(), Some("580.65.06"));
        assert_eq!(of_module("NVRM version: none"), None);
    }
}
