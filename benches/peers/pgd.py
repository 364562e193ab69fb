"""Time of PGD-40 by torchattacks 3.5.1 beside `hesse attack`, in alternating rounds.

    python benches/peers/pgd.py --hesse target/release/hesse --weights trades_model_mnist_smallcnn.pt --mnist DIR \\
        [--samples 1000] [--batch-size 250] [--rounds 3] [--threads 2] [--json FILE]

The TRADES network on the first MNIST test pictures, ε 0.3, step 0.01, from the pictures themselves. Both sides end with
the accuracy on what they made, and the two are printed. Hesse's time is from file to answer, process and self-checks included;
torchattacks' is that of attack and evaluation, with Python started and everything loaded.
"""

import argparse
import json
import statistics
import subprocess
import time

import torch
import torchattacks
from networks import SmallCnn, mnist


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for flag in ["--hesse", "--weights", "--mnist"]:
        parser.add_argument(flag, required=True)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--batch-size", type=int, default=250)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json")
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    net = SmallCnn()
    net.load_state_dict(torch.load(a.weights, map_location="cpu", weights_only=True))
    net.eval()
    x, y = mnist(a.mnist, a.samples)
    attack = torchattacks.PGD(net, eps=0.3, alpha=0.01, steps=40, random_start=False)

    def theirs():
        start, right = time.perf_counter(), 0
        for images, labels in zip(x.split(a.batch_size), y.split(a.batch_size)):
            made = attack(images, labels)
            with torch.no_grad():
                right += (net(made).argmax(1) == labels).sum().item()
        return time.perf_counter() - start, right / len(y)

    def ours():
        command = [a.hesse, "attack", "--model", "smallcnn", "--weights", a.weights, "--data", f"mnist:{a.mnist}", "--split", "test",
                   "--samples", f"0..{a.samples}", "--batch-size", str(a.batch_size), "--threads", str(a.threads), "--eps", "0.3",
                   "--attack", "pgd:steps=40,step=0.01,random_start=false,return=last", "--json", "-"]
        start = time.perf_counter()
        result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return time.perf_counter() - start, result["results"][0]["robust_accuracy"]

    times, accuracy = {"hesse": [], "torchattacks": []}, {}
    for round in range(a.rounds):
        for name, run in [("hesse", ours), ("torchattacks", theirs)]:
            seconds, accuracy[name] = run()
            times[name].append(seconds)
            print(f"{name}: {seconds:.1f} s, {accuracy[name] * 100:.2f} % stand", flush=True)
    medians = {name: statistics.median(t) for name, t in times.items()}
    print(f"hesse takes {medians['hesse'] / medians['torchattacks']:.2f} times as long")
    if a.json:
        with open(a.json, "w") as f:
            json.dump({name: {"seconds": medians[name], "robust_accuracy": accuracy[name]} for name in times}, f, indent=1)


if __name__ == "__main__":
    main()
