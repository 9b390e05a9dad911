#!/usr/bin/env bash
# What runs on a GPU: built without one, tried without one, checked and measured with one. See README.md beside this.
#
#   run.sh build TOOLKIT   builds the programs into target/gpu, for a machine that has no Rust
#                          (TOOLKIT: a folder whose env.sh sets a CUDA 13 toolkit up; PROFILE=dev builds faster,
#                          FEATURES=cudnn takes cuDNN, whose libcudnn.so must lie on LIBRARY_PATH)
#   run.sh try TOOLKIT     runs them here, kernels on the CPU through a stand-in driver: that they work, not how fast
#   run.sh resources TOOLKIT   registers, spills and barriers of every kernel, as ptxas counts them
#   run.sh kernels [FOLDER]    on a machine with a GPU: checks the kernels and measures them
#   run.sh densenet [FOLDER]   DenseNet-121, forward pass and training step, beside PyTorch's
#   run.sh explain [FOLDER]    partition SHAP of DenseNet-121, 1000 evaluations at 512 px, and against the processor's values
#   run.sh audit [FOLDER]      the NIH audit with a DenseNet-121 trained on the GPU, and its matrix; where it is stopped,
#                              the same command goes on (EYEPATCH_DATA: the folder of the data)
#   run.sh [FOLDER]            all four; results and a summary are left in FOLDER (target/gpu)
set -euo pipefail
cd "$(dirname "$0")/../.."
home=crates/eyepatch-kernels
out=target/gpu
here=target/gpu
programs=(gpu_bench gpu_tests device_densenet eyepatch)

toolkit() {
    # shellcheck disable=SC1091
    source "${1:?where is the toolkit?}/env.sh"
}

build() {
    toolkit "$@"
    mkdir -p $out
    local profile=${PROFILE:-release} features=${FEATURES:-cuda} network kernels_too
    network=eyepatch-nn/$features,eyepatch-program/$features kernels_too=eyepatch-kernels/cuda
    built() { python3 -c 'import json, sys
for line in sys.stdin:
    m = json.loads(line)
    if m.get("executable") and m["target"]["name"] in sys.argv[1:]: print(m["target"]["name"], m["executable"])' "$@"; }
    local flags=(-p eyepatch-kernels -p eyepatch-nn -p eyepatch-program --features "$network,$kernels_too"
        --profile "$profile" --message-format=json) name program
    {
        cargo build "${flags[@]}" --example gpu_bench --example device_densenet --bin eyepatch
        cargo test "${flags[@]}" --test cuda --no-run
    } | built gpu_bench device_densenet eyepatch cuda | while read -r name program; do
        strip -o "$out/${name/#cuda/gpu_tests}" "$program"
    done
    # In one piece, for machines that take little: the programs are mostly candle's kernels, and those pack well.
    tar -C $out -czf $out/programs.tar.gz "${programs[@]}"
    ls -l $out
}

# The stand-in for libcuda.so.1, in a folder of its own: it must never be found where a driver is.
try() {
    toolkit "$@"
    mkdir -p $out/stand-in
    "${CXX:-c++}" -std=c++17 -O2 -ffp-contract=off -fvisibility=hidden -fPIC -shared -Wno-unknown-pragmas \
        -o $out/stand-in/libcuda.so.1 $home/cuda/host/driver.cpp
    export LD_LIBRARY_PATH=$PWD/$out/stand-in:$CUDA_HOME/lib
    $out/gpu_tests gpu:: --skip large
    $out/gpu_bench --quick
}

resources() {
    toolkit "$@"
    for file in "$home"/cuda/*.cu; do
        # As NVRTC compiles it: to PTX, then to the machine's code.
        nvcc -std=c++17 -arch=sm_90 --fmad=false -cubin -Xptxas -v -o /dev/null "$file" 2>&1
    done | awk '/Compiling/ { split($0, q, "'"'"'"); name = q[2] }
        /spill stores/ { spills = $5 + $9; stack = $1 }
        /Used/ { printf "%-20s %3d registers  %d bytes spilled  %d bytes of stack\n", name, $5, spills, stack }' | sort
}

# Programs and libraries on a machine with a GPU.
set_up() {
    out=${1:-$out}
    mkdir -p "$out"
    local libraries
    [ -x $here/eyepatch ] || tar -C $here -xzf $here/programs.tar.gz
    # The CUDA libraries: PyTorch's, an installed toolkit's, or what LD_LIBRARY_PATH has already.
    libraries=$(python3 -c 'import nvidia; print(":".join(f"{p}/{l}/lib" for p in nvidia.__path__ for l in ("cu13", "cudnn")))' \
        2>/dev/null || true)
    export LD_LIBRARY_PATH="${libraries:+$libraries:}/usr/local/cuda/lib64${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    nvidia-smi --query-gpu=name,driver_version --format=csv | tee "$out/gpu.csv"
}

kernels() {
    set_up "$@"
    RUST_BACKTRACE=1 $here/gpu_tests gpu:: --nocapture --test-threads=1 2>&1 | tee "$out/tests.txt"
    $here/gpu_bench >"$out/gpu.jsonl" 2> >(tee "$out/gpu.txt" >&2)
    $here/eyepatch doctor | tee "$out/doctor.txt"
}

densenet() {
    set_up "$@"
    python3 benches/gpu/densenet.py $here/device_densenet >"$out/densenet.jsonl" 2> >(tee "$out/densenet.txt" >&2)
}

# A film of random squares will do: what is timed does not depend on what it shows. The network is random, too.
explain() {
    set_up "$@"
    local film=$out/film.png weights=$out/random.safetensors at=$PWD/$here
    python3 - "$film" <<'PYTHON'
import random, struct, sys, zlib
random.seed(1907)
cells = [[random.randrange(256) for _ in range(16)] for _ in range(16)]
rows = b"".join(b"\0" + bytes(cells[y // 32][x // 32] for x in range(512)) for y in range(512))
chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
header = chunk(b"IHDR", struct.pack(">IIBBBBB", 512, 512, 8, 0, 0, 0, 0))
open(sys.argv[1], "wb").write(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
PYTHON
    "$at/device_densenet" weights cpu "$weights"
    one() { "$at/eyepatch" explain --weights "$weights" --image "$film" --fill black --force --json "$@" 2>/dev/null; }
    {
        for precision in f32 bf16 f32 bf16 f32 bf16; do
            one --size 512 --evals 1000 --batch 100 --device cuda --precision $precision --out "$out/values.npy" | tr -d ' \n'
            echo
        done
        for method in partition permutation; do
            for device in cuda cpu; do
                one --method $method --size 128 --evals 200 --device $device --out "$out/$device-$method.npy" | tr -d ' \n'
                echo
            done
        done
    } >"$out/explain.jsonl"
    python3 - "$out" <<'PYTHON' | tee "$out/explain.txt"
import json, sys, numpy
for line in open(sys.argv[1] + "/explain.jsonl"):
    r = json.loads(line)
    print(f"{r['method']:12} {r['shape'][-1]:4} px {r['evaluations']:5} evaluations {r['device']:7} {r['precision']:5}"
          f"{r['seconds']:7.2f} s, of which {r['network_seconds']:.2f} s in the network")
for method in "partition", "permutation":
    a, b = (numpy.load(f"{sys.argv[1]}/{device}-{method}.npy") for device in ("cuda", "cpu"))
    print(f"{method}: largest difference {abs(a - b).max() / (b.max() - b.min()):.1e} of the range of the processor's values")
PYTHON
}

# All layers from scratch, at 320 px. What was finished is kept in the store.
audit() {
    set_up "$@"
    if [ -z "${EYEPATCH_DATA:-}" ]; then
        local folder
        for folder in shared/data ../shared/data; do
            [ -d $folder ] && EYEPATCH_DATA=$PWD/$folder
        done
    fi
    export EYEPATCH_DATA=${EYEPATCH_DATA:?where are the data?}
    local model='{"growth": 32, "blocks": [6, 12, 24, 16], "init_features": 64, "batch": 32, "epochs": 12,
        "learning_rate": 3e-4, "augment": {"flip": true, "shift": 8, "brightness": [0.9, 1.1]}}'
    local start=$SECONDS
    $here/eyepatch run nih_pneumonia --device cuda --size 320 --folds "${FOLDS:-3}" --model-params "$model" \
        --out "$out/nih" 2>&1 | tee "$out/audit.txt"
    echo "the audit took $((SECONDS - start)) s" | tee -a "$out/audit.txt"
    matrix "$out/nih" | tee "$out/matrix.txt"
}

# The matrix of AUCs: rows are the masking that a model was trained on, columns that it was asked about.
matrix() {
    python3 - "$1"/tables/*/matrices.csv <<'PYTHON'
import csv, sys
for path in sys.argv[1:]:
    rows = list(csv.DictReader(open(path)))
    for cls in dict.fromkeys(r["class"] for r in rows):
        of = {(r["trained"], r["evaluated"]): r for r in rows if r["class"] == cls}
        trained, evaluated = (list(dict.fromkeys(k[i] for k in of)) for i in (0, 1))
        print(f"{cls}: AUC, rows trained on, columns asked about")
        for j, name in enumerate(evaluated):
            print(f"  {chr(97 + j)}: {name}")
        print(" " * 28 + "".join(f"{chr(97 + j):>7}" for j in range(len(evaluated))))
        for t in trained:
            cells = ((of.get((t, e)) or {}).get("auc") or "" for e in evaluated)
            print(f"{t[:28]:28}" + "".join(f"{float(c):7.3f}" if c else f"{'':7}" for c in cells))
PYTHON
}

case ${1:-} in
    build | try | resources | kernels | densenet | explain | audit | matrix) "$@" ;;
    *)
        failed=0
        # Each for itself: what one measured stands whatever becomes of the next.
        for part in kernels densenet explain audit; do
            bash benches/gpu/run.sh $part "$@" || { echo "$part failed" >&2; failed=1; }
        done
        out=${1:-$out}
        for file in doctor densenet explain audit matrix; do
            if [ -f "$out/$file.txt" ]; then printf '\n== %s\n' $file && tail -n 40 "$out/$file.txt"; fi
        done
        exit $failed
        ;;
esac
