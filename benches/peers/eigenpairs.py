"""The ten largest eigenvalues of one Hessian by other tools beside `hesse spectrum`: values, true residuals, products, time.

    python benches/peers/eigenpairs.py --hesse target/release/hesse --weights akamaster_resnet20-12fca82f.th \\
        --cifar10 DIR [--samples 128] [--threads 2] [--skip NAME …] [--json FILE]

The problem is akamaster's CIFAR-10 ResNet-20 on the first test pictures, evaluation mode, mean cross-entropy, f32.
PyHessian 0.1 runs with its defaults; curvlinops 3.0.1 hands its operator to SciPy's ARPACK with a tolerance that gives
residuals of 1e-3 λ₁; the paper's deflated power iteration is Hesse's own plugin with the residual as its rule. The
residual is ‖Hv − λv‖ / λ₁ from a product of PyTorch that is not counted.
"""

import argparse
import json
import os
import subprocess
import time

import numpy as np
import torch
import torch.nn.functional as F
from networks import resnet20
from torch import nn


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for flag in ["--hesse", "--weights", "--cifar10"]:
        parser.add_argument(flag, required=True)
    parser.add_argument("--samples", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--top", type=int, default=10)
    parser.add_argument("--skip", nargs="*", default=[])
    parser.add_argument("--json")
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    net, x, y = resnet20(a.weights, os.path.join(a.cifar10, "test_batch.bin"), a.samples)
    parameters = list(net.parameters())
    flat = lambda tensors: torch.cat([t.reshape(-1) for t in tensors])
    kept = torch.autograd.grad(F.cross_entropy(net(x), y), parameters, create_graph=True)

    def product(v):
        parts = [p.view_as(q) for p, q in zip(v.split([q.numel() for q in parameters]), parameters)]
        return flat(torch.autograd.grad(kept, parameters, parts, retain_graph=True))

    results = {}

    def report(name, values, vectors, products, seconds):
        residual = max((product(v) - w * v).norm().item() for w, v in zip(values, vectors)) / max(abs(w) for w in values)
        print(f"{name}: {products} products, {seconds:.1f} s, largest residual {residual:.1e}, "
              f"values {' '.join(f'{w:.5g}' for w in values)}", flush=True)
        results[name] = {"seconds": seconds, "products": products, "residual": residual, "values": list(values)}
        return seconds

    problem = ["--model", "resnet20", "--weights", a.weights, "--data", f"cifar10:{a.cifar10}", "--split", "test",
               "--normalize", "0.485,0.456,0.406/0.229,0.224,0.225", "--samples", f"0..{a.samples}", "--top", str(a.top),
               "--threads", str(a.threads), "--json", "-"]

    def hesse(name, more):
        start = time.perf_counter()
        result = json.loads(subprocess.run([a.hesse, "spectrum", *problem, *more], check=True, capture_output=True, text=True).stdout)
        seconds = time.perf_counter() - start
        values = [p["value"] for p in result["largest"]]
        worst = max(p["residual"] for p in result["largest"])
        print(f"{name}: {result['products']} products, {seconds:.1f} s from file to answer, largest residual {worst:.1e} "
              f"({'converged' if result['converged'] else 'not converged'}), values {' '.join(f'{v:.5g}' for v in values)}", flush=True)
        results[name] = {"seconds": seconds, "products": result["products"], "residual": worst, "values": values}
        return seconds, result["products"]

    ours, products = hesse("hesse, default solver", [])
    if "power" not in a.skip:
        hesse("hesse, power iteration with the residual as its rule, three times the products",
              ["--solver", "power-iteration:stop=residual,iterations=1000", "--max-products", str(3 * products)])
    if "curvlinops" not in a.skip:
        import curvlinops
        from scipy.sparse.linalg import LinearOperator, eigsh

        operator = curvlinops.HessianLinearOperator(net, nn.CrossEntropyLoss(), parameters, [(x, y)], check_deterministic=False)
        count = [0]

        def multiply(v):
            count[0] += 1
            return (operator @ torch.from_numpy(v.astype(np.float32).reshape(-1))).detach().numpy()

        start = time.perf_counter()
        size = sum(p.numel() for p in parameters)
        values, vectors = eigsh(LinearOperator((size, size), multiply, dtype=np.float32), k=a.top, which="LA", tol=1e-3)
        seconds = time.perf_counter() - start
        order = np.argsort(-values)
        report("curvlinops with ARPACK", values[order].tolist(), torch.tensor(vectors.T[order].copy()), count[0], seconds)
        print(f"  hesse takes {ours / seconds:.2f} times as long")
    if "pyhessian" not in a.skip:
        import pyhessian
        from pyhessian import hessian

        count, original = [0], pyhessian.hessian.__init__.__globals__["hessian_vector_product"]

        def counted(*arguments):
            count[0] += 1
            return original(*arguments)

        pyhessian.hessian.__init__.__globals__["hessian_vector_product"] = counted
        torch.manual_seed(0)
        start = time.perf_counter()
        values, vectors = hessian(net, nn.CrossEntropyLoss(), data=(x, y), cuda=False).eigenvalues(top_n=a.top)
        seconds = time.perf_counter() - start
        report("PyHessian, its defaults", values, [flat(v) for v in vectors], count[0], seconds)
        print(f"  hesse takes {ours / seconds:.2f} times as long")
    if a.json:
        with open(a.json, "w") as f:
            json.dump(results, f, indent=1)


if __name__ == "__main__":
    main()
