"""Time to a trace of equal standard error and to a density of equal error: PyTorch's tools beside `hesse spectrum`.

    python benches/peers/equal_error.py --hesse target/release/hesse --weights trades_model_mnist_smallcnn.pt --mnist DIR \\
        [--samples 64] [--repeats 8] [--threads 2] [--json FILE]

The problem is the TRADES network on the first MNIST test pictures, evaluation mode, mean cross-entropy, f32.

Trace: Hesse runs with its default, which is exact on this network, from file to answer; ten eigenpairs are asked for besides, and
their time is counted. Its error is its distance to the same in f64. Every peer doubles its products until its own spread over
seeds is within --trace-error (far more than Hesse's error, so the comparison favours the peer), or until --most products;
Hutchinson's is then continued by its law, a spread that falls with the root of the products, and the time with it. Time
is the mean of the runs.

Density: the error is the Wasserstein-1 distance to a reference, ∫|F − F_ref|, relative to λ₁, from the quadratures' own
nodes and weights, so that no smoothing takes part. The reference is computed here by double backward alone: 20 exact
eigenpairs (ARPACK) and 24 probes of 120 Lanczos steps on their complement. Peers are curvlinops' Lanczos quadrature, and
its smoothed density as it prints it. PyHessian's density calls `torch.eig`, which torch no longer has.
"""

import argparse
import json
import math
import subprocess
import time

import numpy as np
import torch
import torch.nn.functional as F
from networks import SmallCnn, mnist
from torch import nn


def distance(nodes, weights, reference):
    """∫|F − G| of two discrete distributions of mass one."""
    other, shares = reference
    at = np.concatenate([nodes, other])
    jump = np.concatenate([weights / weights.sum(), -shares / shares.sum()])
    order = np.argsort(at)
    return float(np.abs(np.cumsum(jump[order])[:-1]) @ np.diff(at[order]))


def lanczos(product, start, steps, against):
    """Nodes and weights of the Gauss quadrature of one probe, twice reorthogonalised, kept off some vectors, in f64."""
    clean = lambda v, basis: v - basis @ (basis.T @ v)
    basis = np.zeros((start.size, steps))
    alpha, beta = np.zeros(steps), np.zeros(steps)
    v = clean(start, against)
    v /= np.linalg.norm(v)
    for j in range(steps):
        basis[:, j] = v
        w = clean(product(v), against)
        alpha[j] = w @ v
        for _ in range(2):
            w = clean(w, basis[:, : j + 1])
        beta[j] = np.linalg.norm(w)
        v = w / beta[j]
    values, vectors = np.linalg.eigh(np.diag(alpha) + np.diag(beta[:-1], 1) + np.diag(beta[:-1], -1))
    return values, vectors[0] ** 2


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for flag in ["--hesse", "--weights", "--mnist"]:
        parser.add_argument(flag, required=True)
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=8)
    parser.add_argument("--most", type=int, default=512)
    parser.add_argument("--trace-error", type=float, default=0.01, help="spread of the peers' traces, relative")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", nargs="+", default=["trace", "density"])
    parser.add_argument("--json")
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    net = SmallCnn()
    net.load_state_dict(torch.load(a.weights, map_location="cpu", weights_only=True))
    net.eval()
    x, y = mnist(a.mnist, a.samples)
    parameters = list(net.parameters())
    size = sum(p.numel() for p in parameters)
    sizes = [p.numel() for p in parameters]
    kept = torch.autograd.grad(F.cross_entropy(net(x), y), parameters, create_graph=True)

    def product(v):
        parts = [p.view_as(q) for p, q in zip(torch.from_numpy(v.astype(np.float32)).split(sizes), parameters)]
        found = torch.autograd.grad(kept, parameters, parts, retain_graph=True)
        return torch.cat([t.reshape(-1) for t in found]).numpy().astype(np.float64)

    import curvlinops
    from scipy.sparse.linalg import LinearOperator, eigsh

    operator = curvlinops.HessianLinearOperator(net, nn.CrossEntropyLoss(), parameters, [(x, y)], check_deterministic=False)
    problem = ["--model", "smallcnn", "--weights", a.weights, "--data", f"mnist:{a.mnist}", "--split", "test", "--samples",
               f"0..{a.samples}", "--batch-size", str(a.samples), "--top", "10", "--threads", str(a.threads), "--no-self-test", "--json", "-"]

    def hesse(seed, more):
        start = time.perf_counter()
        command = [a.hesse, "spectrum", *problem, "--seed", str(seed), *more]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        return json.loads(run.stdout), time.perf_counter() - start

    results = {"samples": a.samples, "threads": a.threads}
    if "trace" in a.only:
        runs = [hesse(seed, ["--trace"]) for seed in range(3)]
        exact = hesse(0, ["--trace", "--dtype", "f64"])[0]["trace"]["estimate"]
        ours, values = np.mean([t for _, t in runs]), [r["trace"]["estimate"] for r, _ in runs]
        error = max(abs(v / exact - 1) for v in values)
        part, wanted = runs[0][0]["trace"], a.trace_error * abs(exact)
        print(f"trace, hesse: {exact:.6g} in f64, f32 off by {error:.1e}, method {part['method']} ({part.get('backward_passes', 0)} backward passes of single "
              f"samples, {runs[0][0]['products']} products for the ten pairs), {ours:.2f} s; peers to a spread of {wanted:.2g}", flush=True)
        results["trace"] = {"hesse": {"seconds": ours, "error": error, "value": exact, "method": part["method"]}}
        methods = {"curvlinops hutchinson": curvlinops.hutchinson_trace, "curvlinops hutch++": curvlinops.hutchpp_trace, "curvlinops xtrace": curvlinops.xtrace}
        methods = {name: (lambda m, f=f: float(f(operator, m))) for name, f in methods.items()}
        try:
            from pyhessian import hessian
            thing = hessian(net, nn.CrossEntropyLoss(), data=(x, y), cuda=False)
            # Zero tolerance: its own rule stops where the mean stands still.
            methods["PyHessian"] = lambda m: float(np.mean(thing.trace(maxIter=m, tol=0)))
        except ImportError:
            pass
        for name, estimate in methods.items():
            plain = "hutchinson" in name or "PyHessian" in name
            m = 24
            while True:
                found, start = [], time.perf_counter()
                for seed in range(a.repeats):
                    torch.manual_seed(seed)
                    with torch.set_grad_enabled(name == "PyHessian"):
                        found.append(estimate(m))
                seconds, spread = (time.perf_counter() - start) / a.repeats, np.std(found, ddof=1)
                print(f"trace, {name}: {np.mean(found):.5g}, spread {spread:.2g}, {m} products, {seconds:.2f} s", flush=True)
                if spread <= wanted or plain or 2 * m > a.most:
                    break
                m *= 2
            times = (spread / wanted) ** 2 if plain else 1.0
            if plain:
                print(f"  {m * times:.0f} products and {seconds * times:.0f} s to that spread by its law")
            reached = "" if spread <= wanted or plain else ", and has not come as far"
            print(f"  hesse takes {ours / (seconds * times):.3f} of its time{reached}", flush=True)
            results["trace"][name] = {"seconds": seconds * times, "products": m * times, "spread": float(spread), "extrapolated": plain, "reached": bool(spread <= wanted or plain)}
    if "density" in a.only:
        values, vectors = eigsh(LinearOperator((size, size), product, dtype=np.float64), k=20, which="LM", tol=1e-3)
        random = np.random.default_rng(12345)
        nodes, weights = [values], [np.full(20, 1 / size)]
        for _ in range(24):
            node, weight = lanczos(product, random.standard_normal(size), 120, vectors)
            nodes.append(node)
            weights.append(weight * (size - 20) / size / 24)
        reference = np.concatenate(nodes), np.concatenate(weights)
        scale = np.abs(values).max()
        print(f"density, reference: λ₁ {scale:.5g}, trace {reference[0] @ reference[1] * size:.5g}", flush=True)
        steps, probes = 40, 4
        errors, times, spent = [], [], 0
        for seed in range(a.repeats):
            r, seconds = hesse(seed, ["--density", "--density-steps", str(steps), "--probes", str(probes)])
            d = r["density"]
            free = d["free_mass"]
            node = np.concatenate([[s["value"] for s in d["sticks"]], *[q["nodes"] for q in d["quadratures"]]])
            weight = np.concatenate([[s["mass"] for s in d["sticks"]], *[np.array(q["weights"]) / np.sum(q["weights"]) * free / len(d["quadratures"]) for q in d["quadratures"]]])
            errors.append(distance(node, weight, reference) / scale)
            times.append(seconds)
            spent = r["products"] + d["products"]
        wanted, ours = np.mean(errors), np.mean(times)
        print(f"density, hesse: error {wanted:.2e} (mean of {a.repeats} seeds), {spent} products, {ours:.2f} s", flush=True)
        results["density"] = {"hesse": {"seconds": ours, "error": float(wanted), "products": spent}}
        from curvlinops.papyan2020traces.spectrum import fast_lanczos

        pool, start = [], time.perf_counter()
        probes = max(4, a.most // steps * 2)
        with torch.no_grad():
            for seed in range(probes):
                torch.manual_seed(seed)
                node, vector = fast_lanczos(operator, steps)
                node, vector = np.asarray(node, dtype=np.float64), np.asarray(vector, dtype=np.float64)
                pool.append((node, vector[0] ** 2))
        each = (time.perf_counter() - start) / probes
        for count in [2**i for i in range(int(math.log2(probes)) + 1)]:
            groups = [pool[i : i + count] for i in range(0, probes - count + 1, count)]
            error = np.mean([distance(np.concatenate([n for n, _ in g]), np.concatenate([w for _, w in g]), reference) / scale for g in groups])
            print(f"density, curvlinops quadrature: error {error:.2e}, {count} probes, {count * steps} products, {each * count:.2f} s", flush=True)
            if error <= wanted:
                break
        # Probes are independent: the error falls with their root, or slower.
        factor = max(1.0, (error / wanted) ** 2)
        print(f"  {count * factor:.0f} probes and {each * count * factor:.0f} s to hesse's error by the law of independent probes; hesse takes {ours / (each * count * factor):.3f} of its time")
        results["density"]["curvlinops"] = {"seconds": each * count * factor, "products": count * steps * factor, "error": float(error), "extrapolated": bool(factor > 1.0)}
        with torch.no_grad():
            torch.manual_seed(0)
            start = time.perf_counter()
            grid, density = curvlinops.lanczos_approximate_spectrum(operator, steps, num_repeats=4)
            seconds = time.perf_counter() - start
        grid, density = grid.double().numpy(), density.double().numpy()
        error = distance(grid, density, reference) / scale
        print(f"density, curvlinops as printed (smoothed): error {error:.2e}, 4 probes of {steps}, {seconds:.2f} s")
        results["density"]["curvlinops, smoothed"] = {"seconds": seconds, "error": error}
    if a.json:
        with open(a.json, "w") as f:
            json.dump(results, f, indent=1)


if __name__ == "__main__":
    main()
