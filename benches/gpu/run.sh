#!/usr/bin/env bash
# The CUDA kernels: built without a GPU, tried without one, checked and measured with one. See README.md beside this.
#
#   run.sh build TOOLKIT   builds the programs into target/gpu, for a machine that has no Rust
#                          (TOOLKIT: a folder whose env.sh sets a CUDA 13 toolkit up; PROFILE=dev builds faster)
#   run.sh try TOOLKIT     runs them here, kernels on the CPU through a stand-in driver: that they work, not how fast
#   run.sh resources TOOLKIT   registers, spills and barriers of every kernel, as ptxas counts them
#   run.sh [FOLDER]        on a machine with a GPU: checks, measures, and leaves the results in FOLDER (target/gpu)
set -euo pipefail
cd "$(dirname "$0")/../.."
kernels=crates/eyepatch-kernels
out=target/gpu

toolkit() {
    # shellcheck disable=SC1091
    source "${1:?where is the toolkit?}/env.sh"
}

build() {
    toolkit "$@"
    mkdir -p $out
    local profile=${PROFILE:-release}
    built() { python3 -c 'import json, sys
for line in sys.stdin:
    m = json.loads(line)
    if m.get("executable") and m["target"]["name"] == sys.argv[1]: print(m["executable"])' "$1"; }
    local flags=(-p eyepatch-kernels --features cuda --profile "$profile" --message-format=json) program
    program=$(cargo build "${flags[@]}" --example gpu_bench | built gpu_bench)
    strip -o $out/gpu_bench "$program"
    program=$(cargo test "${flags[@]}" --test cuda --no-run | built cuda)
    strip -o $out/gpu_tests "$program"
    # In one piece, for machines that take little: the programs are mostly candle's kernels, and those pack well.
    tar -C $out -czf $out/programs.tar.gz gpu_bench gpu_tests
    ls -l $out
}

# The stand-in for libcuda.so.1, in a folder of its own: it must never be found where a driver is.
try() {
    toolkit "$@"
    mkdir -p $out/stand-in
    "${CXX:-c++}" -std=c++17 -O2 -ffp-contract=off -fvisibility=hidden -fPIC -shared -Wno-unknown-pragmas \
        -o $out/stand-in/libcuda.so.1 $kernels/cuda/host/driver.cpp
    export LD_LIBRARY_PATH=$PWD/$out/stand-in:$CUDA_HOME/lib
    $out/gpu_tests gpu:: --skip large
    $out/gpu_bench --quick
}

resources() {
    toolkit "$@"
    for file in "$kernels"/cuda/*.cu; do
        # As NVRTC compiles it: to PTX, then to the machine's code.
        nvcc -std=c++17 -arch=sm_90 --fmad=false -cubin -Xptxas -v -o /dev/null "$file" 2>&1
    done | awk '/Compiling/ { split($0, q, "'"'"'"); name = q[2] }
        /spill stores/ { spills = $5 + $9; stack = $1 }
        /Used/ { printf "%-20s %3d registers  %d bytes spilled  %d bytes of stack\n", name, $5, spills, stack }' | sort
}

measure() {
    out=${1:-$out}
    mkdir -p "$out"
    local here=target/gpu libraries
    [ -x $here/gpu_bench ] || tar -C $here -xzf $here/programs.tar.gz
    # The CUDA libraries: PyTorch's, an installed toolkit's, or what LD_LIBRARY_PATH has already.
    libraries=$(python3 -c 'import nvidia; print(":".join(p + "/cu13/lib" for p in nvidia.__path__))' 2>/dev/null || true)
    export LD_LIBRARY_PATH="${libraries:+$libraries:}/usr/local/cuda/lib64${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    nvidia-smi --query-gpu=name,driver_version --format=csv | tee "$out/gpu.csv"
    RUST_BACKTRACE=1 $here/gpu_tests gpu:: --nocapture --test-threads=1 2>&1 | tee "$out/tests.txt"
    $here/gpu_bench >"$out/gpu.jsonl" 2> >(tee "$out/gpu.txt" >&2)
}

case ${1:-} in
    build | try | resources) "$@" ;;
    *) measure "$@" ;;
esac
