//! A device made of the CUDA sources compiled for the host: `cuda/host/main.cpp` at the other end of a pipe.

use std::io::{BufWriter, Read, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use eyepatch_kernels::KernelError;
use eyepatch_kernels::cuda::{Call, Element, Gpu, Launch, Scalar, Source, THREADS};

/// Compiles the shim with whatever C++ compiler there is, with sanitizers where it has them. `None`, said aloud, where
/// there is no compiler; a compiler that refuses the sources is a failure.
pub(crate) fn compiled() -> Option<&'static Path> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    PROGRAM.get_or_init(compile).as_deref()
}

fn compile() -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("cuda/host/main.cpp");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shim");
    let candidates = std::env::var("CXX").into_iter().chain(["c++", "g++", "clang++"].map(String::from));
    let compiler = candidates
        .into_iter()
        .find(|c| Command::new(c).arg("--version").stdout(Stdio::null()).status().is_ok_and(|s| s.success()));
    let Some(compiler) = compiler else {
        println!("SKIPPED: no C++ compiler (c++, g++, clang++ or $CXX), so the CUDA sources were not run");
        return None;
    };
    let compile = |extra: &[&str]| {
        Command::new(&compiler)
            .args([
                "-std=c++17",
                "-O1",
                "-g",
                "-ffp-contract=off",
                "-Wall",
                "-Wextra",
                "-Wno-unknown-pragmas",
            ])
            .args(extra)
            .arg("-o")
            .arg(&program)
            .arg(&source)
            .output()
            .expect("a compiler that just told its version")
    };
    let sanitized = compile(&["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]);
    if !sanitized.status.success() {
        let plain = compile(&[]);
        assert!(plain.status.success(), "{compiler}: {}", String::from_utf8_lossy(&plain.stderr));
        println!("{compiler} has no sanitizers: accesses past a buffer's end may go unseen");
    }
    Some(program)
}

/// One process of the shim.
pub(crate) struct HostShim {
    pipes: Mutex<Pipes>,
    shared_limit: usize,
}

struct Pipes {
    child: Child,
    to: BufWriter<ChildStdin>,
    from: ChildStdout,
    launches: u64,
}

impl HostShim {
    /// `shared_limit`: bytes of shared memory a block, at most the shim's 227 KiB.
    pub(crate) fn start(program: &Path, shared_limit: usize) -> Self {
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Freed memory would only be kept for nothing; leaks are the buffers, which live as long as the process.
            .env("ASAN_OPTIONS", "detect_leaks=0:detect_stack_use_after_return=0")
            .spawn()
            .expect("the shim starts");
        let to = BufWriter::new(child.stdin.take().expect("piped"));
        let from = child.stdout.take().expect("piped");
        Self { pipes: Mutex::new(Pipes { child, to, from, launches: 0 }), shared_limit }
    }

    fn pipes(&self) -> MutexGuard<'_, Pipes> {
        self.pipes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for HostShim {
    fn drop(&mut self) {
        let mut pipes = self.pipes();
        // The child may have ended with a failure, which the test has then seen.
        drop(pipes.child.kill());
        drop(pipes.child.wait());
    }
}

impl Pipes {
    /// Sends a request and takes an answer of `len` bytes.
    fn ask(&mut self, request: &[u8], len: usize) -> Result<Vec<u8>, KernelError> {
        let mut answer = vec![0; len];
        let sent = self.to.write_all(request).and_then(|()| self.to.flush());
        sent.and_then(|()| self.from.read_exact(&mut answer)).map_err(|e| {
            // It has ended, and says why; until then it says nothing that could fill the pipe.
            let mut words = String::new();
            let said = self.child.stderr.take().map(|mut err| err.read_to_string(&mut words));
            KernelError::Gpu { what: "answer".into(), message: format!("{e} ({said:?}): {words}") }
        })?;
        Ok(answer)
    }
}

fn numbers(values: &[u64]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// Memory of the shim.
pub(crate) struct Remote<T> {
    handle: u64,
    len: usize,
    holds: PhantomData<T>,
}

#[allow(unsafe_code)]
mod bytes {
    use eyepatch_kernels::cuda::Element;

    /// The values' bytes.
    pub(crate) fn of<T: Element>(values: &[T]) -> &[u8] {
        // SAFETY: every `Element` is a plain number without padding, so all its bytes are set; `u8` aligns anywhere.
        unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
    }

    /// The values that these are the bytes of.
    pub(crate) fn into<T: Element>(bytes: &[u8]) -> Vec<T> {
        let each = bytes.chunks_exact(size_of::<T>());
        // SAFETY: a chunk has a `T`'s size, any bits are one, and the read may be unaligned.
        each.map(|chunk| unsafe { chunk.as_ptr().cast::<T>().read_unaligned() }).collect()
    }
}

impl Gpu for HostShim {
    type Buffer<T: Element> = Remote<T>;
    type Call<'a> = ShimCall<'a>;

    fn shared_limit(&self) -> usize {
        self.shared_limit
    }

    fn alloc<T: Element>(&self, len: usize) -> Result<Remote<T>, KernelError> {
        let request = [b"A".to_vec(), numbers(&[(len * size_of::<T>()) as u64])].concat();
        let answer = self.pipes().ask(&request, 8)?;
        let handle = u64::from_le_bytes(answer.try_into().expect("eight bytes"));
        Ok(Remote { handle, len, holds: PhantomData })
    }

    fn upload<T: Element>(&self, values: &[T]) -> Result<Remote<T>, KernelError> {
        let buffer = self.alloc(values.len())?;
        let data = bytes::of(values);
        let request = [b"W".to_vec(), numbers(&[buffer.handle, data.len() as u64]), data.to_vec()].concat();
        self.pipes().ask(&request, 8)?;
        Ok(buffer)
    }

    fn download<T: Element>(&self, buffer: &Remote<T>) -> Result<Vec<T>, KernelError> {
        let len = buffer.len * size_of::<T>();
        let request = [b"R".to_vec(), numbers(&[buffer.handle, len as u64])].concat();
        Ok(bytes::into(&self.pipes().ask(&request, len)?))
    }

    fn len<T: Element>(&self, buffer: &Remote<T>) -> usize {
        buffer.len
    }

    fn call<'a>(&'a self, _source: Source, kernel: &str) -> Result<ShimCall<'a>, KernelError> {
        Ok(ShimCall { shim: self, kernel: kernel.to_owned(), arguments: Vec::new(), number: 0 })
    }
}

pub(crate) struct ShimCall<'a> {
    shim: &'a HostShim,
    kernel: String,
    arguments: Vec<u8>,
    number: u64,
}

impl ShimCall<'_> {
    fn argument(mut self, kind: u8, values: &[u64]) -> Self {
        self.arguments.push(kind);
        self.arguments.extend(numbers(values));
        self.number += 1;
        self
    }
}

impl<'a> Call<'a, HostShim> for ShimCall<'a> {
    fn input<T: Element>(self, buffer: &'a Remote<T>) -> Self {
        self.argument(b'b', &[buffer.handle])
    }

    fn output<T: Element>(self, buffer: &'a mut Remote<T>) -> Self {
        self.argument(b'b', &[buffer.handle])
    }

    fn null(self) -> Self {
        self.argument(b'n', &[])
    }

    fn value(self, value: impl Into<Scalar>) -> Self {
        let (bits, size) = value.into().bits();
        self.argument(b'v', &[size as u64, bits])
    }

    #[allow(unsafe_code)]
    unsafe fn launch(self, launch: Launch) -> Result<(), KernelError> {
        let mut pipes = self.shim.pipes();
        pipes.launches += 1;
        let [x, y] = launch.grid.map(u64::from);
        let order = pipes.launches;
        let request = [
            b"L".to_vec(),
            numbers(&[self.kernel.len() as u64]),
            self.kernel.into_bytes(),
            numbers(&[x, y, 1, THREADS.into(), 1, 1, launch.shared.into(), order, self.number]),
            self.arguments,
        ]
        .concat();
        pipes.ask(&request, 8).map(drop)
    }
}
