"""Compares adversarial samples of hesse with those of torchattacks 3.5.1 and foolbox 3.3.4, pixel by pixel.

    python benches/peers/attacks.py --hesse target/release/hesse --weights trades_model_mnist_smallcnn.pt --mnist DIR [--samples 128]

Needs torch, torchattacks==3.5.1, foolbox==3.3.4 (`pip install --no-deps torchattacks==3.5.1 foolbox==3.3.4 eagerpy==0.30.0`, and
what they import). All attacks start at the sample, so that no random stream takes part.

Under linf a step moves a pixel by its whole length or not at all, so that two runs differ by rounding or, where the gradient is
about zero and its sign flipped, by half a step or more (less only where box or ball cut it short). Printed for every comparison: the largest difference by rounding, the
differences in between, which there must be none of, the pixels that flipped, the samples they lie in, and the samples on which
one fooled the network and the other did not. Under l2 nothing flips; where samples differ by more than rounding there, their losses are
printed, and how far each side is from the same attack in f64. The exit status is 0 where differences by rounding are at
most 1e-6, none lies in between, and at most one pixel in a thousand flipped.
"""
import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile

import numpy as np
import torch
from networks import SmallCnn, mnist


def safetensors(path):
    with open(path, "rb") as f:
        (size,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(size))
        body = f.read()
    kinds = {"F32": np.float32, "F64": np.float64, "I64": np.int64}
    read = lambda e: np.frombuffer(body[slice(*e["data_offsets"])], kinds[e["dtype"]]).reshape(e["shape"])
    return {k: read(e) for k, e in header.items() if k != "__metadata__"}


def main():
    p = argparse.ArgumentParser()
    for flag in ["--hesse", "--weights", "--mnist"]:
        p.add_argument(flag, required=True)
    p.add_argument("--samples", type=int, default=128)
    p.add_argument("--dtype", choices=["f32", "f64"], default="f32", help="of both sides")
    a = p.parse_args()
    import foolbox as fb
    import torchattacks as ta

    net = SmallCnn()
    net.load_state_dict(torch.load(a.weights, map_location="cpu", weights_only=True))
    net.eval()
    x, y = mnist(a.mnist, a.samples)
    if a.dtype == "f64":
        net, x = net.double(), (x * 255).round().double() / 255
    f = fb.PyTorchModel(net, bounds=(0, 1), device="cpu")
    e, e2 = 0.3, 2.0
    # torchattacks divides by ‖g‖ + 1e-10 unless told otherwise, which shortens the step where the gradient is that small.
    tiny = 1e-30
    box = lambda attack, eps: attack(f, x, y, epsilons=eps)[1]
    rows = [
        ("FGSM", "fgsm", "linf", e, e, {
            "torchattacks": lambda: ta.FGSM(net, eps=e)(x, y),
            "foolbox": lambda: box(fb.attacks.LinfFastGradientAttack(random_start=False), e)}),
        ("I-FGSM 10", "ifgsm:steps=10,step=0.05", "linf", e, 0.05, {
            "torchattacks": lambda: ta.BIM(net, eps=e, alpha=0.05, steps=10)(x, y),
            "foolbox": lambda: box(fb.attacks.LinfBasicIterativeAttack(abs_stepsize=0.05, steps=10, random_start=False), e)}),
        ("PGD 40", "pgd:steps=40,step=0.01,random_start=false,return=last", "linf", e, 0.01, {
            "torchattacks": lambda: ta.PGD(net, eps=e, alpha=0.01, steps=40, random_start=False)(x, y),
            "foolbox": lambda: box(fb.attacks.LinfProjectedGradientDescentAttack(abs_stepsize=0.01, steps=40, random_start=False), e)}),
        ("L2GRAD", "l2grad", "l2", e2, e2, {
            "torchattacks": lambda: ta.PGDL2(net, eps=e2, alpha=e2, steps=1, random_start=False, eps_for_division=tiny)(x, y),
            "foolbox": lambda: box(fb.attacks.L2FastGradientAttack(random_start=False), e2)}),
        ("PGD-L2 10", "pgd:steps=10,step=0.4,random_start=false,return=last", "l2", e2, 0.4, {
            "torchattacks": lambda: ta.PGDL2(net, eps=e2, alpha=0.4, steps=10, random_start=False, eps_for_division=tiny)(x, y),
            "foolbox": lambda: box(fb.attacks.L2BasicIterativeAttack(abs_stepsize=0.4, steps=10, random_start=False), e2)}),
    ]
    print(f"{'attack':10} {'peer':13} {'max |d|':>9} {'in between':>10} {'flips':>15} {'samples':>8} {'success differs':>16} {'fooled':>7}")
    bad = 0
    # The same L2 attacks in f64, to tell whose rounding a difference is: gradients of samples that are classified with certainty
    # are differences of numbers close to one.
    def exact(name):
        with torch.no_grad():
            other = SmallCnn().double()
            other.load_state_dict(net.state_dict())
        double = fb.PyTorchModel(other.eval(), bounds=(0, 1), device="cpu")
        attack = fb.attacks.L2FastGradientAttack(random_start=False) if name == "L2GRAD" else fb.attacks.L2BasicIterativeAttack(abs_stepsize=0.4, steps=10, random_start=False)
        return attack(double, (x * 255).round().double() / 255, y, epsilons=e2)[1].detach()

    with tempfile.TemporaryDirectory() as folder:
        for name, attack, norm, eps, step, peers in rows:
            file = os.path.join(folder, "a.safetensors")
            subprocess.run(
                [a.hesse, "attack", "--model", "smallcnn", "--weights", a.weights, "--data", f"mnist:{a.mnist}",
                 "--samples", f"0..{a.samples}", "--attack", attack, "--norm", norm, "--eps", str(eps), "--dtype", a.dtype, "--save", file],
                check=True, stdout=subprocess.DEVNULL)
            t = safetensors(file)
            ours, missed = torch.tensor(t["0.0.adversarial"].copy()), torch.tensor(t["0.0.predictions"].copy()) != y
            with torch.no_grad():
                attacked = net(x).argmax(1) == y  # hesse leaves misclassified samples alone
            for peer, run in peers.items():
                theirs = run().detach()
                with torch.no_grad():
                    fooled = net(theirs).argmax(1) != y
                d = (ours - theirs).abs()[attacked]
                jump = 0.5 * step if norm == "linf" else float("inf")
                # A step that box or ball cut short flips by less than half of it.
                cut = lambda v: (v <= 0) | (v >= 1) | ((v - x).abs() >= eps - 1e-6)
                edge = (cut(ours) | cut(theirs))[attacked]
                flipped = (d >= jump) | ((d > 1e-6) & edge & (norm == "linf"))
                between = (d > 1e-6) & ~flipped
                most = d[~flipped].max().item()
                differ = (missed != fooled)[attacked].sum().item()
                bad += int(most > 1e-6) + int(flipped.float().mean() > 1e-3)
                print(f"{name:10} {peer:13} {most:9.1e} {int(between.sum()):10d} {int(flipped.sum()):6d} of {d.numel()} "
                      f"{int(flipped.flatten(1).any(1).sum()):8d} {differ:16d} {int(missed[attacked].sum()):7d}", flush=True)
                if norm == "l2" and between.any():
                    with torch.no_grad():
                        loss = torch.nn.functional.cross_entropy(net.double()(x.double()), y, reduction="none")[attacked]
                        net.to(x.dtype)
                    rows_between = between.flatten(1).any(1)
                    truth = exact(name)[attacked]
                    off = lambda v: (v[attacked].double() - truth)[rows_between].abs().max().item()
                    print(f"{'':10} {int(rows_between.sum())} samples differ by more than 1e-6; their clean losses are {loss[rows_between].min():.1e} to "
                          f"{loss[rows_between].max():.1e}; from the attack in f64 hesse is {off(ours):.1e} away, {peer} {off(theirs):.1e}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
