#!/bin/sh
# Judges and times Hesse's CUDA backends on this machine: conformance of both, then `hesse bench`. Results are JSON files in
# `results`. Needs an NVIDIA driver for CUDA 13 and Python with PyTorch 2.11 for CUDA 13 (`pip install torch==2.11.0`), whose
# libraries both backends use; no Rust, no compiler, no network.
#
#   ./run              everything
#   ./run conformance  only that
#   ./run bench        only that; MODELS, BATCHES and ROUNDS choose what

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd) || exit 1
results=${RESULTS:-$here/results}
python=${PYTHON:-python3}
what=${1:-all}
failed=0

say() { printf '%s\n' "$*"; }
die() {
    say "run: $*" >&2
    exit 1
}

case $what in
all | conformance | bench) ;;
*) die "expected conformance, bench or nothing, found '$what'" ;;
esac
mkdir -p "$results" || die "cannot make $results"

for program in hesse conformance; do
    test -x "$here/$program" && continue
    # Beside it first, so that half a program is never run.
    gzip -dc "$here/$program.gz" >"$here/$program.part" && chmod 755 "$here/$program.part" &&
        mv "$here/$program.part" "$here/$program" || die "cannot unpack $program.gz in $here"
done

# Where PyTorch keeps libtorch and the CUDA libraries.
folders=$("$python" - <<'PY'
import glob, importlib.metadata, importlib.util, os, sys
spec = importlib.util.find_spec("torch")
if spec is None or spec.origin is None:
    sys.exit("no PyTorch in " + sys.executable)
version = importlib.metadata.version("torch")
if version.split("+")[0] != "2.11.0":
    sys.exit("expected PyTorch 2.11.0, found " + version)
torch = os.path.join(os.path.dirname(spec.origin), "lib")
if not os.path.isfile(os.path.join(torch, "libtorch_cuda.so")):
    sys.exit("this PyTorch (" + version + ") was built without CUDA")
site = os.path.dirname(os.path.dirname(spec.origin))
print(":".join([torch] + sorted(glob.glob(os.path.join(site, "nvidia", "*", "lib")))))
PY
) || die "PyTorch 2.11.0 for CUDA 13 is needed, name its Python in PYTHON"
LD_LIBRARY_PATH=$folders${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

if ! (ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null) | grep -q 'libcuda\.so\.1' &&
    ! (IFS=:; for folder in $LD_LIBRARY_PATH; do test -e "$folder/libcuda.so.1" && exit 0; done; exit 1); then
    say "run: no NVIDIA driver on this machine (libcuda.so.1 is nowhere); a stub takes its place, and nothing can be measured"
    LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$here/stub
fi
export LD_LIBRARY_PATH

nvidia-smi --query-gpu=index,name,driver_version,memory.total --format=csv,noheader 2>/dev/null || say "run: nvidia-smi is missing or fails"

"$here/hesse" backends --json "$results/backends.json" || die "the program does not start"
for backend in candle tch; do
    # The smallest thing that uses the device says best why it cannot be used.
    if ! "$here/hesse" bench --backend $backend --device cuda --model mlp --batch-size 2 --operation gradient --rounds 1 \
        --json "$results/first-$backend.json"; then
        say "run: no CUDA device for backend $backend: see the line above"
        failed=1
    fi
done
test $failed = 0 || die "there is no device to run on"

if [ "$what" != bench ]; then
    for backend in candle tch; do
        say "== conformance of $backend on cuda"
        HESSE_TEST_BACKENDS=$backend HESSE_TEST_DEVICES=cuda "$here/conformance" --test-threads "${TEST_THREADS:-2}" \
            >"$results/conformance-$backend.txt" 2>&1
        status=$?
        tail -n 4 "$results/conformance-$backend.txt"
        printf '{"schema": "hesse.gpu-conformance/1", "backend": "%s", "device": "cuda", "passed": %s}\n' $backend \
            "$(test $status = 0 && echo true || echo false)" >"$results/conformance-$backend.json"
        test $status = 0 || failed=1
    done
fi

if [ "$what" != conformance ]; then
    for model in ${MODELS:-c1 resnet18 resnet20 vit}; do
        for batch in ${BATCHES:-128 1024}; do
            # One process for each backend: they do not share memory, and one that fails does not stop the other.
            for backend in candle tch; do
                say "== bench: $model, batch $batch, $backend"
                "$here/hesse" bench --backend $backend --device cuda --model "$model" --batch-size "$batch" \
                    --rounds "${ROUNDS:-15}" --json "$results/bench-$backend-$model-$batch.json" || failed=1
            done
        done
    done
fi
test $failed = 0 && say "run: all done; results in $results"
exit $failed
