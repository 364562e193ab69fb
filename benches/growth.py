"""How the cost of a Hessian-vector product grows: time and peak memory against samples, batch, parameters, directions, and
the memory that kept values may take; whether memory stays flat over many products. Prints tables with fitted exponents; needs nothing but Python.

    python benches/growth.py --hesse target/release/hesse --mnist DIR [--only samples batch parameters directions memory flat]

An exponent is the slope of log time over log size by least squares, with the largest departure of a point from the fitted
line. Time is the smallest of --repeats runs, because what else the machine does can only add to it.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile


def run(command):
    """The JSON of a command, and the peak resident memory of its process in bytes."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        child = subprocess.Popen([*command, "--json", file.name], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        error = child.stderr.read().decode()
        _, status, usage = os.wait4(child.pid, 0)
        if status:
            sys.exit(f"{' '.join(command)}: {error.strip()}")
        with open(file.name) as f:
            return json.load(f), usage.ru_maxrss * 1024


def fit(sizes, values):
    x, y = [math.log(s) for s in sizes], [math.log(v) for v in values]
    mx, my = sum(x) / len(x), sum(y) / len(y)
    slope = sum((a - mx) * (b - my) for a, b in zip(x, y)) / sum((a - mx) ** 2 for a in x)
    return slope, max(abs(math.exp(b - my - slope * (a - mx)) - 1) for a, b in zip(x, y))


def table(title, head, rows, sizes=None, times=None):
    print(f"\n### {title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)
    if sizes:
        slope, worst = fit(sizes, times)
        print(f"\nTime grows with exponent {slope:.3f}; no point is farther from that line than {worst * 100:.1f} %.", flush=True)


def mib(bytes):
    return f"{bytes / 2**20:.0f} MiB"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hesse", required=True)
    parser.add_argument("--mnist", required=True)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=["samples", "batch", "parameters", "directions", "memory", "flat"])
    a = parser.parse_args()

    def command(samples, batch, more):
        return [a.hesse, "spectrum", "--model", "m1", "--data", f"mnist:{a.mnist}", "--samples", f"0..{samples}", "--top", "1",
                "--batch-size", str(batch), "--max-products", "3", "--no-self-test", *more]

    def spectrum(samples, more=()):
        runs = [run(command(samples, 500, more)) for _ in range(a.repeats)]
        return min(r["seconds_per_product"] for r, _ in runs), max(memory for _, memory in runs)

    def bench(model, batch, more=()):
        command = [a.hesse, "bench", "--model", model, "--batch-size", str(batch), "--operation", "gradient,hvp", "--rounds", str(max(5, a.repeats)), *more]
        result, memory = run(command)
        return {r["operation"]: r for r in result["results"]}, memory

    if "samples" in a.only:
        sizes = [1000, 3000, 10_000, 30_000, 60_000]
        found = [spectrum(n, ["--memory", "0"]) for n in sizes]
        rows = [[f"{n:,}", f"{t:.3f} s", f"{t / n * 1e6:.1f} µs", mib(m)] for n, (t, m) in zip(sizes, found)]
        table("Samples: m1 on MNIST, batches of 500, nothing kept", ["samples", "a product", "per sample", "peak of the process"], rows, sizes, [t for t, _ in found])
    if "batch" in a.only:
        sizes = [16, 32, 64, 128, 256, 512, 1024]
        found = [bench("m1", n)[0]["hvp"] for n in sizes]
        rows = [[str(n), f"{r['seconds'] * 1e3:.1f} ms", f"{r['seconds'] / n * 1e6:.0f} µs", mib(r["peak_bytes"])] for n, r in zip(sizes, found)]
        table("Batch: m1", ["samples at once", "a product", "per sample", "peak"], rows, sizes, [r["seconds"] for r in found])
    if "parameters" in a.only:
        widths = [100, 300, 1000, 3000, 5000]
        found = [bench(f"mlp:hidden={w}x{w}", 128)[0]["hvp"] for w in widths]
        counts = [784 * w + w + w * w + w + 10 * w + 10 for w in widths]
        rows = [[f"{n:,}", f"{r['seconds'] * 1e3:.1f} ms", f"{r['seconds'] / n * 1e9:.2f} ns", mib(r["peak_bytes"])] for n, r in zip(counts, found)]
        table("Parameters: mlp with two hidden layers, batch 128", ["parameters", "a product", "per parameter", "peak"], rows, counts, [r["seconds"] for r in found])
    if "directions" in a.only:
        sizes = [1, 2, 4, 8, 16]
        found = [bench("m1", 32, ["--columns", str(k)])[0]["hvp"] for k in sizes]
        rows = [[str(k), f"{r['seconds'] * 1e3:.1f} ms", f"{r['seconds'] / k / found[0]['seconds']:.2f}", mib(r["peak_bytes"])] for k, r in zip(sizes, found)]
        table("Directions at once: m1, batch 32", ["directions", "all products", "one, as a share of a single one", "peak"], rows, sizes, [r["seconds"] for r in found])
    if "memory" in a.only:
        samples = 10_000
        rows = []
        for budget in ["0", "128MiB", "256MiB", "512MiB", "768MiB", "1GiB", "4GiB"]:
            time, memory = spectrum(samples, ["--memory", budget])
            rows.append([budget, f"{time:.3f} s", mib(memory)])
        table(f"Memory for kept values: m1 on {samples:,} MNIST images", ["--memory", "a product", "peak of the process"], rows)
    if "flat" in a.only:
        rows, peaks = [], []
        for products in [100, 300, 1000]:
            _, memory = run(command(256, 64, ["--trace", "--trace-method", "hutchinson", "--trace-error", "1e-9", "--trace-products", str(products)]))
            peaks.append(memory)
            rows.append([f"{products:,}", f"{memory / 2**20:.1f} MiB", f"{memory / peaks[0]:.4f}"])
        table("Memory over many products: m1, 256 images in batches of 64", ["products", "peak of the process", "of the first"], rows)


if __name__ == "__main__":
    main()
