"""From real play to a dream, end to end: collect, fit, evaluate, dream. Needs `pip install "gym-diamond[all]"`.

The defaults take about 20 minutes on two CPU cores and give a rough world; the README says what a good one takes.
"""

import argparse

from gym_diamond.cli import main as gym_diamond


def run(*words: str) -> None:
    """Run one `gym-diamond` command as a shell would."""
    print(f"$ gym-diamond {' '.join(words)}", flush=True)
    status = gym_diamond(words)
    if status:
        raise SystemExit(status)


def main(game: str, steps: int, fit_steps: int, preset: str, out: str) -> None:
    """Leave a world directory in `out` and a GIF of it beside it."""
    name = game.lower()
    policies = ["random=0.3", "scripted=0.7"] if game in ("Breakout", "Pong") else ["random=0.5", "sticky=0.5"]
    mixed, held_out = f"{name}/example-v0", f"{name}/example-heldout-v0"
    collect = ("collect", game, "--overwrite", "--policy", *policies)
    run(*collect, "--steps", str(steps), "--epsilon", "0.15", "--dataset", mixed)
    run(*collect, "--steps", str(max(400, steps // 5)), "--seed", "1000003", "--dataset", held_out)
    run("fit", "--dataset", mixed, "--preset", preset, "--steps", str(fit_steps), "--out", out)
    dreams = ("--num-starts", "8", "--horizon", "15", "--min-episode-steps", "20")
    run("evaluate", out, "--dataset", held_out, *dreams, "--moments", "4", "--ranking-starts", "2")  # a quick look
    run("demo", "--game", game, "--world", out, "--steps", "50", "--out", f"{out}.gif")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--game", default="Breakout")
    parser.add_argument("--steps", type=int, default=20_000, help="real steps to play")
    parser.add_argument("--fit-steps", type=int, default=1_000)
    parser.add_argument("--preset", default="small")
    parser.add_argument("--out", default="runs/example")
    arguments = parser.parse_args()
    main(arguments.game, arguments.steps, arguments.fit_steps, arguments.preset, arguments.out)
