"""Time of one Hessian-vector product and one gradient: PyTorch's tools beside `hesse bench`, in alternating rounds.

    python benches/peers/products.py --hesse target/release/hesse [--backend candle,tch] [--rounds 15] [--threads 2]
        [--problem c1:128 …] [--json FILE] [--markdown FILE]

Peers: plain PyTorch with the graph of the gradient kept (double backward), `torch.func` (forward over reverse), PyHessian
0.1, curvlinops 3.0.1 and hessian-eigenthings 0.0.2, each where it is installed. Weights and samples are random: times do
not depend on them. Each round times every peer once and then one round of `hesse bench`; medians are compared, and every
peer's time is given as a multiple of the median of Hesse in the same rounds.
"""

import argparse
import json
import statistics
import subprocess
import time

import networks
import torch
import torch.nn.functional as F
from torch import nn

PROBLEMS = {"c1": (networks.C1, (3, 32, 32)), "resnet20": (networks.ResNet20, (3, 32, 32)),
            "m1": (networks.M1, (1, 28, 28)), "smallcnn": (networks.SmallCnn, (1, 28, 28))}


def peers(net, x, y):
    """Name → function that computes one product (or the gradient) anew."""
    parameters = list(net.parameters())
    loss = lambda: F.cross_entropy(net(x), y)
    direction = lambda: [torch.randn_like(p) for p in parameters]
    kept = torch.autograd.grad(loss(), parameters, create_graph=True)
    found = {
        "gradient": lambda: torch.autograd.grad(loss(), parameters),
        "PyTorch, graph kept": lambda: torch.autograd.grad(kept, parameters, direction(), retain_graph=True),
    }
    names = [n for n, _ in net.named_parameters()]
    values = {n: p.detach() for n, p in net.named_parameters()}
    gradient = torch.func.grad(lambda p: F.cross_entropy(torch.func.functional_call(net, p, (x,)), y))
    found["torch.func, jvp of grad"] = lambda: torch.func.jvp(gradient, (values,), (dict(zip(names, direction())),))
    try:
        from pyhessian.utils import hessian_vector_product
        found["PyHessian"] = lambda: hessian_vector_product(kept, parameters, direction())
    except ImportError:
        pass
    try:
        import curvlinops
        operator = curvlinops.HessianLinearOperator(net, nn.CrossEntropyLoss(), parameters, [(x, y)], check_deterministic=False)
        size = sum(p.numel() for p in parameters)
        found["curvlinops"] = lambda: operator @ torch.randn(size)
    except ImportError:
        pass
    try:
        from hessian_eigenthings.hvp_operator import HVPOperator
        thing = HVPOperator(net, [(x, y)], nn.CrossEntropyLoss(), use_gpu=False)
        found["hessian-eigenthings"] = lambda: thing.apply(torch.randn(sum(p.numel() for p in parameters)))
    except ImportError:
        pass
    return found


def seconds(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def hesse(program, backends, model, batch, threads):
    command = [program, "bench", "--model", model, "--batch-size", str(batch), "--backend", backends, "--rounds", "1",
               "--operation", "gradient,hvp", "--threads", str(threads), "--json", "-"]
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {(r["backend"], r["operation"]): r for r in result["results"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hesse", required=True)
    parser.add_argument("--backend", default="candle")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--problem", nargs="+", default=["c1:128", "resnet20:128", "m1:512", "smallcnn:256"])
    parser.add_argument("--peers", nargs="+", help="only peers whose name contains one of these")
    parser.add_argument("--json")
    parser.add_argument("--markdown")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    everything, lines = [], ["| problem | what | time | times `candle` H·v (gradient: times its gradient) |", "|---|---|---|---|"]
    for problem in arguments.problem:
        model, batch = problem.split(":")
        build, shape = PROBLEMS[model]
        net, x, y = build().eval(), torch.rand(int(batch), *shape), torch.randint(10, (int(batch),))
        runs = peers(net, x, y)
        if arguments.peers:
            runs = {name: run for name, run in runs.items() if any(part in name for part in arguments.peers)}
        for run in runs.values():
            run()
        times = {name: [] for name in runs}
        for _ in range(arguments.rounds):
            for name, run in runs.items():
                times[name].append(seconds(run))
            for (backend, operation), r in hesse(arguments.hesse, arguments.backend, model, batch, arguments.threads).items():
                times.setdefault(f"hesse {backend} {operation}", []).append(r["seconds"])
        medians = {name: statistics.median(t) for name, t in times.items()}
        first = arguments.backend.split(",")[0]
        for name, median in medians.items():
            base = medians[f"hesse {first} {'gradient' if 'gradient' in name else 'hvp'}"]
            lines.append(f"| {model}/{batch} | {name} | {median * 1e3:.0f} ms | {median / base:.2f} |")
            print(lines[-1], flush=True)
        everything.append({"model": model, "batch": int(batch), "seconds": times})
    if arguments.json:
        with open(arguments.json, "w") as f:
            json.dump(everything, f)
    if arguments.markdown:
        with open(arguments.markdown, "w") as f:
            f.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
