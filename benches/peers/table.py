"""Every comparison of speed with other tools, as one table and one picture.

    python benches/peers/table.py --hesse target/release/hesse --mnist DIR --cifar10 DIR --smallcnn trades_model_mnist_smallcnn.pt \\
        --resnet20 akamaster_resnet20-12fca82f.th [--rounds 15] [--folder bench-peers] [--only products eigenpairs trace pgd]

Runs `products.py`, `eigenpairs.py`, `equal_error.py` and `pgd.py`, each of which leaves its JSON in the folder and is not run
again while it is there (delete it to repeat), then writes `peers.md` and `peers.svg` from what is there: an hour on two
cores, and with nothing else on the machine. A bar is the time that Hesse takes where the other tool takes one.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def rows(found):
    """(what, other tool, its seconds, Hesse's seconds, note) of every comparison."""
    for problem in found.get("products", []):
        times = {name: statistics.median(t) for name, t in problem["seconds"].items()}
        for name, seconds in times.items():
            if name.startswith("hesse") or name == "gradient":
                continue
            yield f"H·v, {problem['model']}, batch {problem['batch']}", name, seconds, times["hesse candle hvp"], ""
    pairs = found.get("eigenpairs", {})
    ours = next((r for name, r in pairs.items() if name == "hesse, default solver"), None)
    for name, r in pairs.items():
        if ours and not name.startswith("hesse"):
            yield "ten eigenpairs, resnet20, 128 images", name, r["seconds"], ours["seconds"], f"residual {r['residual']:.0e}, Hesse's {ours['residual']:.0e}"
    for what in ["trace", "density"]:
        results = found.get("trace", {}).get(what, {})
        for name, r in results.items():
            if name in ("hesse", "curvlinops, smoothed"):
                continue
            note = "continued by its law" if r.get("extrapolated") else "" if r.get("reached", True) else "does not reach the error"
            yield f"{what} at equal error, smallcnn, 64 images", name, r["seconds"], results["hesse"]["seconds"], note
    pgd = found.get("pgd")
    if pgd:
        yield "PGD-40, smallcnn, 1,000 images", "torchattacks", pgd["torchattacks"]["seconds"], pgd["hesse"]["seconds"], ""


def markdown(table):
    lines = ["| what | other tool | its time | Hesse | Hesse ÷ it | |", "|---|---|---|---|---|---|"]
    show = lambda s: f"{s * 1e3:.0f} ms" if s < 1 else f"{s:.1f} s"
    lines += [f"| {what} | {tool} | {show(theirs)} | {show(ours)} | **{ours / theirs:.2f}** | {note} |" for what, tool, theirs, ours, note in table]
    return "\n".join(lines) + "\n"


def svg(table):
    """Horizontal bars from 0 to 1.2, in the colours of the page that shows them."""
    row, left, scale, head = 22, 430, 300, 58
    x = lambda ratio: left + min(ratio, 1.2) * scale
    height = head + row * len(table) + 46
    text = lambda at, y, words, more="": f'<text x="{at:.1f}" y="{y:.1f}" {more}>{words}</text>'
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 {height}" font-family="sans-serif" font-size="12">',
           "<style>text{fill:#222}.number{paint-order:stroke;stroke:#fff;stroke-width:4px}.bar{fill:#3b6ea5}.part{fill:#9db7d3}.line{stroke:#222}.grid{stroke:#ccc}.ground{fill:#fff}"
           "@media(prefers-color-scheme:dark){text{fill:#ddd}.number{stroke:#16181c}.bar{fill:#7fb0e0}.part{fill:#48637f}.line{stroke:#ddd}.grid{stroke:#444}.ground{fill:#16181c}}</style>",
           f'<rect class="ground" width="860" height="{height}"/>',
           text(20, 24, "Time of Hesse where another tool takes 1", 'font-size="15" font-weight="bold"'),
           text(20, 42, "two threads, same weights and samples; shorter is faster; light bars: the other tool was continued by its law or not as exact", 'font-size="11"')]
    bottom = head + row * len(table)
    for tick in [0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2]:
        kind = "line" if tick in (0, 1.0) else "grid"
        out.append(f'<line class="{kind}" x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{head}" y2="{bottom}"/>')
        out.append(text(x(tick), bottom + 16, f"{tick:g}", 'text-anchor="middle"'))
    out.append(text(x(0.6), bottom + 36, "Hesse's time ÷ the other tool's", 'text-anchor="middle"'))
    last = None
    for i, (what, tool, theirs, ours, note) in enumerate(table):
        y, ratio = head + row * i, ours / theirs
        if what != last:
            out.append(text(20, y + 15, what))
        last = what
        out.append(text(left - 8, y + 15, tool, 'text-anchor="end"'))
        out.append(f'<rect class="{"part" if note.startswith(("continued", "does not")) else "bar"}" x="{left}" y="{y + 4}" width="{x(ratio) - left:.1f}" height="{row - 8}"/>')
        out.append(text(x(ratio) + 5, y + 15, f"{ratio:.2f}", 'class="number"'))
    return "\n".join([*out, "</svg>"]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for flag in ["--hesse", "--mnist", "--cifar10", "--smallcnn", "--resnet20"]:
        parser.add_argument(flag, required=True)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", default="bench-peers")
    parser.add_argument("--only", nargs="+", choices=["products", "eigenpairs", "trace", "pgd"], default=["products", "eigenpairs", "trace", "pgd"])
    a = parser.parse_args()
    os.makedirs(a.folder, exist_ok=True)
    common = ["--hesse", a.hesse, "--threads", str(a.threads)]
    digits = ["--weights", a.smallcnn, "--mnist", a.mnist]
    commands = {
        "products": ["products.py", *common, "--rounds", str(a.rounds)],
        "eigenpairs": ["eigenpairs.py", *common, "--weights", a.resnet20, "--cifar10", a.cifar10, "--skip", "power"],
        "trace": ["equal_error.py", *common, *digits, "--repeats", "4", "--most", "256"],
        "pgd": ["pgd.py", *common, *digits],
    }
    found = {}
    for name, command in commands.items():
        file = os.path.join(a.folder, f"{name}.json")
        if name in a.only and not os.path.exists(file):
            print(f"{name}: {' '.join(command)}", flush=True)
            # Beside and then renamed: what stands there is complete.
            done = subprocess.run([sys.executable, os.path.join(HERE, command[0]), *command[1:], "--json", file + ".part"])
            if done.returncode:
                sys.exit(f"{name} failed; what was measured before it is kept in {a.folder}")
            os.replace(file + ".part", file)
        if os.path.exists(file):
            with open(file) as f:
                found[name] = json.load(f)
    table = list(rows(found))
    for name, content in [("peers.md", markdown(table)), ("peers.svg", svg(table))]:
        with open(os.path.join(a.folder, name), "w") as f:
            f.write(content)
    print(markdown(table), end="")


if __name__ == "__main__":
    main()
