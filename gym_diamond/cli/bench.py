"""`gym-diamond bench`: how fast dreams and fits are on this machine, beside its limits and beside the reference."""

import os
import shlex
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import tyro
from tqdm import tqdm

from gym_diamond.benchmarking.dreams import MODES
from gym_diamond.benchmarking.race import Pace
from gym_diamond.benchmarking.random_world import find_preset, write_random_world
from gym_diamond.benchmarking.result_path import target
from gym_diamond.benchmarking.rows import Subject
from gym_diamond.benchmarking.session import Plan, all_batches, measure
from gym_diamond.benchmarking.table import summary
from gym_diamond.checkpoint import load_world
from gym_diamond.cli import say
from gym_diamond.errors import InvalidArgument
from gym_diamond.files import write_json
from gym_diamond.hardware import resolve_device
from gym_diamond.hub import find_world

ON_A_CPU = "1,8,32"
ON_A_GPU = "1,8,32,128,512,1024,2048"
PRECISIONS = ("auto", "fp32", "bf16")
DEFAULT_PRESET = "small"

Name = TypeVar("Name", bound=str)


@dataclass(frozen=True)
class Arguments:
    """Measure how fast dreams and fits are on this machine.

    A table of env-steps/s, latency and memory for each batch; what a step is spent on; the least time that a step could
    take here, from the operations and bytes it needs and from what this machine was measured to do at most; and the
    updates a second of a fit, beside the least time of one. Compiling takes minutes on a CPU; --mode eager is there at
    once.

    The bundled architecture; the published one at two batch sizes; a world of your own in both modes:
      gym-diamond bench
      gym-diamond bench --preset paper --num-envs 1,32 --json speed.json
      gym-diamond bench --world runs/breakout --mode eager,compile

    Beside the reference implementation, which takes turns with the dreams on the same batch, as it is written and
    compiled as its trainer does; its best counts:
      git clone https://github.com/eloialonso/diamond
      pip install omegaconf torcheval wandb  # which it imports
      gym-diamond bench --preset paper --num-envs 1,32 --reference diamond --json speed.json
    """

    preset: str | None = None
    """Architecture with random weights: paper, small, tiny. small, unless --world is given."""
    world: str | None = None
    """A world directory, hub:OWNER/NAME@REVISION, or official:GAME, instead of a preset."""
    num_envs: str | None = None
    """Dreams at once, with commas; by default 1,8,32 on a CPU and 1,8,32,128,512,1024,2048 on a GPU."""
    precision: str = "auto"
    """auto, fp32, bf16, with commas; auto is bf16 where it is native. On CUDA, fp32 convolutions are PyTorch's TF32."""
    mode: str = "compile"
    """eager, compile, with commas."""
    num_denoising_steps: str | None = None
    """Steps in which a frame is sampled, with commas; by default the world's own, which is 3 for the presets."""
    device: str = "auto"
    """cpu, cuda, cuda:1, mps; auto is CUDA where there is one."""
    threads: int | None = None
    """Threads on a CPU; by default PyTorch's own choice, one a core."""
    rounds: int = 5
    """Each contestant has a turn in each round; its speed is the median over the rounds."""
    seconds: float = 10.0
    """For which each contestant is timed, over all rounds. A turn has three steps at least, however long they take, but
    one of a step that takes longer than this."""
    parts: bool = True
    """Time the parts of a step too, for as long again."""
    fit: bool = True
    """Time the updates of a fit too."""
    reference: str | None = None
    """Folder of a checkout of the reference implementation, to be timed in the same run."""
    json: Path | None = None
    """A file for all numbers, rewritten whole after each batch; a folder gets a new one, named by date, hardware,
    what is measured and mode."""


def main(argv: list[str]) -> int:
    """The exit status of `gym-diamond bench`."""
    arguments = tyro.cli(Arguments, args=argv, prog="gym-diamond bench")
    check(arguments)
    preset = None if arguments.world else arguments.preset or DEFAULT_PRESET
    document: dict[str, Any] | None = None
    place: Path | None = None
    with open_world(preset, arguments.world) as directory:
        subject, plan = make_plan(arguments, preset, directory)
        try:
            with bar(plan.num_tellings) as tell:
                for document in measure(subject, plan, command(argv, arguments), tell):
                    if arguments.json is not None:
                        place = place or target(arguments.json, document)
                        write_json(place, document)
        finally:  # what was measured is told even if the next batch does not fit into memory
            if document is not None:
                say(summary(document) + (f"\n\nAll numbers: {place}" if place else ""))
    return 0


def make_plan(arguments: Arguments, preset: str | None, directory: Path) -> tuple[Subject, Plan]:
    """Whose speed is measured, and how.

    Raises:
        InvalidArgument: an argument has a value that is not allowed.
    """
    device = resolve_device(arguments.device)
    nums = arguments.num_envs or (ON_A_CPU if device.type == "cpu" else ON_A_GPU)
    steps = arguments.num_denoising_steps
    batches = all_batches(
        names(arguments.precision, "--precision", PRECISIONS),
        [None] if steps is None else numbers(steps, "--num-denoising-steps"),
        numbers(nums, "--num-envs"),
        str(device),
    )
    plan = Plan(
        directory=directory,
        device=str(device),
        threads=arguments.threads,
        batches=batches,
        modes=names(arguments.mode, "--mode", MODES),
        pace=Pace(arguments.rounds, arguments.seconds, arguments.parts),
        fit=arguments.fit,
        reference=arguments.reference,
    )
    return Subject(preset, None if preset else directory.name), plan


@contextmanager
def open_world(preset: str | None, world: str | None) -> Iterator[Path]:
    """The directory of the world that is measured; that of a preset lasts as long as the `with` block.

    Raises:
        InvalidArgument: there is no such preset, or `world` is no address.
        InvalidWorld: the world is missing.
        HubError: the world is on the Hub and cannot be had now.
    """
    if preset is None:
        directory = find_world(world, None)
        load_world(directory)  # what is wrong with it is told before minutes of work, not after
        yield directory
        return
    with tempfile.TemporaryDirectory(prefix="gym-diamond-bench-") as folder:
        yield write_random_world(Path(folder), find_preset(preset))


def check(arguments: Arguments) -> None:
    """Nothing, if the arguments make sense: told before minutes of work, not after them.

    Raises:
        InvalidArgument: one does not.
        OSError: the file of --json cannot be written.
    """
    if arguments.preset and arguments.world:
        raise InvalidArgument("--preset and --world name two architectures; give one of them.")
    if arguments.rounds < 1 or not arguments.seconds > 0:
        raise InvalidArgument(
            f"--rounds is {arguments.rounds} and --seconds {arguments.seconds:g}; there must be a round and some time."
        )
    if arguments.threads is not None and arguments.threads < 1:
        raise InvalidArgument(f"--threads is {arguments.threads}; it must be at least 1.")
    numbers(arguments.num_envs or ON_A_CPU, "--num-envs")
    numbers(arguments.num_denoising_steps or "1", "--num-denoising-steps")
    names(arguments.precision, "--precision", PRECISIONS)
    names(arguments.mode, "--mode", MODES)
    if arguments.json is not None:
        check_writable(arguments.json)


def check_writable(path: Path) -> None:
    """Nothing, if a file can be written at `path`, or into it if it is a folder.

    Raises:
        InvalidArgument: the folder does not exist, or cannot be written to.
    """
    folder = path if path.is_dir() else path.parent
    if not folder.is_dir():
        raise InvalidArgument(f"--json {path} cannot be written: there is no folder {folder}. Make it first.")
    if not os.access(folder, os.W_OK):
        raise InvalidArgument(f"--json {path} cannot be written: the folder {folder} does not allow it.")


def numbers(text: str, option: str) -> list[int]:
    """The numbers in "1,8,32", each once.

    Raises:
        InvalidArgument: one is no number, or below 1.
    """
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise InvalidArgument(f"{option} is {text!r}; give numbers of at least 1 with commas between them: 1,8,32.")
    return list(dict.fromkeys(map(int, words)))


def names(text: str, option: str, allowed: Sequence[Name]) -> list[Name]:
    """The names in "eager,compile", each once, in the order of `allowed`.

    Raises:
        InvalidArgument: one is not in `allowed`.
    """
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if word not in allowed:
            raise InvalidArgument(f"{option} has {word!r}; there is {', '.join(allowed)}.")
    return [name for name in allowed if name in words]


def command(argv: Sequence[str], arguments: Arguments) -> str:
    """What was typed, with files and folders by their last name only."""
    given = (arguments.world, arguments.reference, arguments.json)
    last = {str(path): Path(path).name or str(path) for path in given if path is not None}
    words = [part for word in argv for part in (word.split("=", 1) if word.startswith("--") else [word])]
    return shlex.join(["gym-diamond", "bench", *(last.get(word, word) for word in words)])


@contextmanager
def bar(total: int) -> Iterator[Callable[[str], None]]:
    """A progress bar, as the function that it is told with what is done next."""
    form = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}{postfix}"
    with tqdm(total=total, desc="bench", bar_format=form) as shown:
        told: list[str] = []

        def tell(what: str) -> None:
            shown.n = len(told)  # what was told before is done
            told.append(what)
            shown.set_postfix_str(what)

        yield tell
        shown.n = total
        shown.set_postfix_str("done")
