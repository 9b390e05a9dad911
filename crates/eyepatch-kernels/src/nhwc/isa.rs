use std::fmt;

/// The instruction set that a kernel is compiled for. A value exists only where the CPU has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Isa(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Isa {
    /// All that this CPU has, the widest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx512f") {
                all.push(Self(Kind::Avx512));
            }
            if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
                all.push(Self(Kind::Avx2));
            }
        }
        all.push(Self(Kind::Portable));
        all
    }

    /// The widest that this CPU has.
    #[must_use]
    pub fn best() -> Self {
        Self::available()[0]
    }

    /// Code that needs nothing special; it alone is there on every CPU, and the one that Miri can follow.
    #[must_use]
    pub const fn portable() -> Self {
        Self(Kind::Portable)
    }

    pub(super) const fn kind(self) -> Kind {
        self.0
    }

    /// `avx512`, `avx2` or `portable`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            Kind::Portable => "portable",
        }
    }

    /// Numbers in one register.
    #[must_use]
    pub const fn lanes(self) -> usize {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => 16,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => 8,
            Kind::Portable => 8,
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Calls a generic function with the lanes of an instruction set, compiled for it.
///
/// `dispatch!(isa, run::<_>(args))` where `run` is `#[inline(always)] unsafe fn run<L: Lanes>(args)`.
macro_rules! dispatch {
    ($isa:expr, $name:ident($($arg:ident: $ty:ty),* $(,)?)) => {{
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f")]
        unsafe fn avx512($($arg: $ty),*) {
            // SAFETY: the caller's, and the features are those of these lanes.
            unsafe { $name::<$crate::nhwc::lanes::Avx512>($($arg),*) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        unsafe fn avx2($($arg: $ty),*) {
            // SAFETY: as above.
            unsafe { $name::<$crate::nhwc::lanes::Avx2>($($arg),*) }
        }
        // SAFETY: an `Isa` exists only where the CPU has its features; the rest is the caller's.
        match $isa.kind() {
            #[cfg(target_arch = "x86_64")]
            $crate::nhwc::isa::Kind::Avx512 => unsafe { avx512($($arg),*) },
            #[cfg(target_arch = "x86_64")]
            $crate::nhwc::isa::Kind::Avx2 => unsafe { avx2($($arg),*) },
            $crate::nhwc::isa::Kind::Portable => unsafe { $name::<$crate::nhwc::lanes::Portable>($($arg),*) },
        }
    }};
}

pub(super) use dispatch;
