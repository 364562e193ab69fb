"""Trace, Frobenius norm, diagonal and density of one Hessian by other tools, beside what `hesse spectrum` found.

The problem is akamaster's CIFAR-10 ResNet-20 on the first test images, in evaluation mode, mean cross-entropy, f32.

    hesse spectrum --model resnet20 --weights W --data cifar10:DIR --split test --samples 0..32 \\
        --normalize 0.485,0.456,0.406/0.229,0.224,0.225 --top 10 --density --trace --frobenius \\
        --diagonal diagonal.safetensors --json hesse.json
    python benches/peers/estimates.py --weights W --batch DIR/test_batch.bin --samples 32 --hesse hesse.json \\
        --diagonal diagonal.safetensors

Needs torch 2.11, numpy and `pip install curvlinops-for-pytorch==3.0.1`. PyHessian 0.1 is used for its trace where it is
installed; its density calls `torch.eig`, which torch no longer has. The network is written anew here, so that the
comparison shares no code with Hesse.
"""

import argparse
import json
import struct
import time

import numpy as np
import torch
from networks import resnet20
from torch import nn


def read_diagonal(file, names):
    """The tensors of these names from a safetensors file, one after another, and their standard errors."""
    with open(file, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    read = lambda name: np.frombuffer(data, np.float64, offset=header[name]["data_offsets"][0], count=int(np.prod(header[name]["shape"])))
    return np.concatenate([read(n) for n in names]), np.concatenate([read(n + ".standard_error") for n in names])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--batch", required=True, help="test_batch.bin of CIFAR-10's binary layout")
    parser.add_argument("--samples", type=int, default=32)
    parser.add_argument("--products", type=int, default=60, help="matrix-vector products for each estimate")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--hesse", help="JSON of hesse spectrum")
    parser.add_argument("--diagonal", help="safetensors of hesse spectrum --diagonal")
    arguments = parser.parse_args()
    net, x, y = resnet20(arguments.weights, arguments.batch, arguments.samples)
    parameters = list(net.parameters())
    rows = []

    import curvlinops

    operator = curvlinops.HessianLinearOperator(
        net, nn.CrossEntropyLoss(), parameters, [(x, y)], check_deterministic=False
    )
    estimators = {
        "trace": [("hutchinson", curvlinops.hutchinson_trace), ("hutch++", curvlinops.hutchpp_trace), ("xtrace", curvlinops.xtrace)],
        "squared Frobenius norm": [("hutchinson", curvlinops.hutchinson_squared_fro)],
    }
    with torch.no_grad():
        for quantity, methods in estimators.items():
            for name, estimate in methods:
                for seed in range(arguments.repeats):
                    torch.manual_seed(seed)
                    start = time.time()
                    value = float(estimate(operator, arguments.products))
                    rows.append((quantity, f"curvlinops {name}", value, arguments.products, time.time() - start))
                    print(*rows[-1], flush=True)
        if arguments.diagonal:
            torch.manual_seed(0)
            start = time.time()
            theirs = curvlinops.xdiag(operator, arguments.products).double().numpy()
            names = [name for name, _ in net.named_parameters()]
            ours, errors = read_diagonal(arguments.diagonal, names)
            apart = np.linalg.norm(ours - theirs) / np.linalg.norm(ours)
            print(f"diagonal: curvlinops xdiag, {arguments.products} products, {time.time() - start:.0f} s: sum {theirs.sum():.6g}")
            print(f"diagonal: hesse sum {ours.sum():.6g}, expected error {np.linalg.norm(errors) / np.linalg.norm(ours):.3f}, apart {apart:.3f} (relative to the norm)")
        start = time.time()
        torch.manual_seed(0)
        steps = arguments.products // 2
        grid, density = curvlinops.lanczos_approximate_spectrum(operator, steps, num_repeats=2)
        grid, density = grid.double().numpy(), density.double().numpy()
        mass = np.trapezoid(density, grid)
        print(f"density: curvlinops, {steps} steps × 2 probes and its own search for the ends, {time.time() - start:.0f} s: mass {mass:.4f}, mean·n {np.trapezoid(density * grid, grid) / mass * sum(p.numel() for p in parameters):.5g}")
    try:
        from pyhessian import hessian
    except ImportError:
        print("PyHessian is not installed")
    else:
        torch.manual_seed(0)
        start = time.time()
        values = hessian(net, nn.CrossEntropyLoss(), data=(x, y), cuda=False).trace(maxIter=arguments.products)
        rows.append(("trace", "PyHessian (its own stopping rule)", float(np.mean(values)), len(values), time.time() - start))
        print(*rows[-1], flush=True)
    if arguments.hesse:
        with open(arguments.hesse) as f:
            result = json.load(f)
        trace, norm = result["trace"], result["frobenius_norm"]
        print(f"hesse: trace {trace['estimate']:.6g} ± {trace['standard_error']:.2g}, {trace['products']} products beside {result['products']} of the top {len(result['largest'])}")
        print(f"hesse: squared Frobenius norm {norm['estimate'] ** 2:.6g} ± {2 * norm['estimate'] * norm['standard_error']:.2g}, {norm['products']} products")
        for quantity, name, value, products, seconds in rows:
            if quantity == "trace":
                print(f"  {name}: {(value / trace['estimate'] - 1) * 100:+.2f} % of hesse's trace")


if __name__ == "__main__":
    main()
