//! One body, compiled for several instruction sets, chosen when the program runs.

/// Defines functions whose body is compiled for AVX-512, AVX2 and the target's baseline.
///
/// Rust never fuses a multiply with an add or reorders a sum by itself, so all versions give the same bits.
macro_rules! dispatched {
    ($($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? $body:block)+) => {$(
        $(#[$meta])*
        #[allow(clippy::too_many_arguments)]
        $vis fn $name($($arg: $ty),*) $(-> $ret)? {
            #[inline(always)]
            fn body($($arg: $ty),*) $(-> $ret)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
                fn v4($($arg: $ty),*) $(-> $ret)? { body($($arg),*) }
                #[target_feature(enable = "avx2")]
                fn v3($($arg: $ty),*) $(-> $ret)? { body($($arg),*) }

                let v4_here = std::arch::is_x86_feature_detected!("avx512f")
                    && std::arch::is_x86_feature_detected!("avx512bw")
                    && std::arch::is_x86_feature_detected!("avx512dq")
                    && std::arch::is_x86_feature_detected!("avx512vl");
                if v4_here {
                    // SAFETY: the CPU has every feature that `v4` is compiled for, as tested just above.
                    #[allow(unsafe_code)]
                    return unsafe { v4($($arg),*) };
                }
                if std::arch::is_x86_feature_detected!("avx2") {
                    // SAFETY: the CPU has AVX2, the one feature that `v3` is compiled for.
                    #[allow(unsafe_code)]
                    return unsafe { v3($($arg),*) };
                }
            }
            body($($arg),*)
        }
    )+};
}

pub(crate) use dispatched;
