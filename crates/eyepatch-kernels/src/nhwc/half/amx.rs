//! Products on AMX tiles (Intel Software Developer's Manual, vol. 1, chapter 18), by instruction: stable Rust has no
//! intrinsics for them.
#![allow(unsafe_code)]

use super::Pairs;
use super::pairs::COLUMNS;
use super::product::Job;
use std::arch::asm;
use std::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
use std::sync::OnceLock;

/// Whether the CPU has tiles for bfloat16 and the system lets this process use them; asked once.
pub(super) fn available() -> bool {
    static AVAILABLE: OnceLock<bool> = OnceLock::new();
    *AVAILABLE.get_or_init(|| supported() && permitted())
}

fn supported() -> bool {
    const OSXSAVE: u32 = 1 << 27;
    const AMX_BF16: u32 = 1 << 22;
    const AMX_TILE: u32 = 1 << 24;
    const TILE_STATE: u64 = 3 << 17;
    if __cpuid(0).eax < 7 || __cpuid(1).ecx & OSXSAVE == 0 {
        return false;
    }
    let has = __cpuid_count(7, 0).edx;
    // SAFETY: the system has enabled `xgetbv`, as tested just above.
    let state = unsafe { enabled_state() };
    has & AMX_BF16 != 0 && has & AMX_TILE != 0 && state & TILE_STATE == TILE_STATE
}

/// # Safety
/// The system has enabled `xgetbv`.
#[target_feature(enable = "xsave")]
unsafe fn enabled_state() -> u64 {
    // SAFETY: the caller's.
    unsafe { _xgetbv(0) }
}

/// Asks Linux for the tiles' state, which a process has to do once: `arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA)`.
fn permitted() -> bool {
    let answer: i64;
    // SAFETY: the call changes nothing but the process's permission; the kernel clobbers rcx and r11.
    unsafe {
        asm!("syscall", inlateout("rax") 158i64 => answer, in("rdi") 0x1023, in("rsi") 18,
            lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    answer == 0
}

/// Eight tiles of 16 rows of 64 bytes.
#[repr(C, align(64))]
struct Config([u8; 64]);

const CONFIG: Config = {
    let mut c = [0; 64];
    c[0] = 1;
    let mut tile = 0;
    while tile < 8 {
        c[16 + 2 * tile] = 64;
        c[48 + tile] = 16;
        tile += 1;
    }
    Config(c)
};

/// # Safety
/// [`available`], and `job`, `weights` and `sums` as checked by [`super::product`].
pub(super) unsafe fn product(job: Job<'_>, weights: &Pairs, sums: &mut [f32]) {
    let blocks: Vec<&[u32]> = weights.blocks().collect();
    // SAFETY: tiles are there; what is loaded and stored lies within `padded` rows and whole blocks of columns.
    unsafe {
        asm!("ldtilecfg [{}]", in(reg) CONFIG.0.as_ptr(), options(nostack, readonly));
        for (pair, blocks) in blocks.chunks(2).enumerate() {
            for row in (0..job.padded).step_by(2 * COLUMNS) {
                let a = job.rows.as_ptr().add(row * job.stride);
                let out = sums.as_mut_ptr().add(row * job.width + pair * 2 * COLUMNS);
                // A last half block of rows or columns is computed twice instead of half.
                let (lower, down) = if row + COLUMNS < job.padded {
                    (COLUMNS * job.stride, COLUMNS * job.width)
                } else {
                    (0, 0)
                };
                let (right, across) = if blocks.len() == 2 { (blocks[1], COLUMNS) } else { (blocks[0], 0) };
                square(Square {
                    a: [a, a.add(lower)],
                    stride: 2 * job.stride,
                    offsets: job.offsets,
                    b: [blocks[0].as_ptr(), right.as_ptr()],
                    out: [out, out.add(across), out.add(down), out.add(down + across)],
                    width: 4 * job.width,
                });
            }
        }
        asm!("tilerelease", options(nostack, nomem));
    }
}

struct Square<'a> {
    /// The upper and the lower 16 rows.
    a: [*const u16; 2],
    /// Bytes from row to row.
    stride: usize,
    offsets: &'a [usize],
    /// The left and the right 16 columns.
    b: [*const u32; 2],
    out: [*mut f32; 4],
    /// Bytes from row to row of the sums.
    width: usize,
}

/// # Safety
/// Tiles are configured; 16 rows of 32 numbers can be read from each `a` at each offset, a KiB from each `b` for each offset,
/// and 16 rows of 16 numbers written to each `out`.
unsafe fn square(s: Square<'_>) {
    // SAFETY: the caller's.
    unsafe {
        asm!(
            "tilezero tmm0",
            "tilezero tmm1",
            "tilezero tmm2",
            "tilezero tmm3",
            "2:",
            "mov {at}, qword ptr [{offsets}]",
            "lea {from}, [{a0} + 2*{at}]",
            "tileloadd tmm4, [{from} + {stride}*1]",
            "lea {from}, [{a1} + 2*{at}]",
            "tileloadd tmm5, [{from} + {stride}*1]",
            "tileloadd tmm6, [{b0} + {line}*1]",
            "tileloadd tmm7, [{b1} + {line}*1]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "add {offsets}, 8",
            "add {b0}, 1024",
            "add {b1}, 1024",
            "dec {steps}",
            "jnz 2b",
            "mov {from}, qword ptr [{out} + 0]",
            "tilestored [{from} + {width}*1], tmm0",
            "mov {from}, qword ptr [{out} + 8]",
            "tilestored [{from} + {width}*1], tmm1",
            "mov {from}, qword ptr [{out} + 16]",
            "tilestored [{from} + {width}*1], tmm2",
            "mov {from}, qword ptr [{out} + 24]",
            "tilestored [{from} + {width}*1], tmm3",
            at = out(reg) _,
            from = out(reg) _,
            offsets = inout(reg) s.offsets.as_ptr() => _,
            a0 = in(reg) s.a[0],
            a1 = in(reg) s.a[1],
            stride = in(reg) s.stride,
            b0 = inout(reg) s.b[0] => _,
            b1 = inout(reg) s.b[1] => _,
            line = in(reg) 64usize,
            steps = inout(reg) s.offsets.len() => _,
            out = in(reg) s.out.as_ptr(),
            width = in(reg) s.width,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }
}
