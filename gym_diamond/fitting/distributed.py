"""One fit by several processes, as `torchrun` starts them: each takes its rows of every batch.

    torchrun --nproc-per-node 2 -m gym_diamond fit --dataset breakout/mixed-v0 --out runs/breakout --steps 10000

What is computed does not depend on how many there are, except for the order in which sums are rounded. `batch_size` is
that of all together; each row has the data and the noise of its place in the batch; losses divide by the counts of the
whole batch; and gradients are added up, not averaged, before each process takes the same step of the optimizer. So a
run may be resumed by more processes or fewer. Gradients are summed in one message after the backward pass: the networks
have 2 to 6 million parameters, so there is little that `DistributedDataParallel` could hide behind that pass, and it
would average what must be added up, and ask for losses that are the `forward` of a module.

Process 0 alone writes, reports and keeps the clock. Whichever process fails first says why; the others end in silence.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple

import torch
import torch.distributed.nn  # before any group: see `joined`
from torch import Tensor
from torch import distributed as dist
from torch.distributed.distributed_c10d import Store
from torch.distributed.rendezvous import rendezvous

from gym_diamond.errors import InvalidArgument, InvalidRun

STARTED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")  # what torchrun tells each process that it starts
PATIENCE = timedelta(hours=1)  # a checkpoint on a slow disk, or data that only process 0 fetches, takes a while


class Team(NamedTuple):
    """The processes that fit together, as one of them sees them."""

    rank: int = 0  # which one this is
    size: int = 1  # how many there are
    local_rank: int = 0  # which one this is on its machine

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes and reports."""
        return self.rank == 0

    @property
    def rows(self) -> slice:
        """The rows of a batch that this process takes: every `size`-th, so that no kind of row is one process's."""
        return slice(self.rank, None, self.size)

    def check_batch(self, name: str, batch_size: int) -> None:
        """Nothing, if there is a row for each process.

        Raises:
            InvalidArgument: there are more processes than rows.
        """
        if batch_size < self.size:
            raise InvalidArgument(
                f"--{name}.batch-size is {batch_size}, to be shared by {self.size} processes; it must be at least "
                f"{self.size} (it is that of all processes together)."
            )

    def own_device(self, device: torch.device) -> torch.device:
        """`device`, or this process's own where it stands for all GPUs of the machine; that becomes the current one.

        Raises:
            InvalidArgument: all processes were told to use one GPU, or there are fewer GPUs than processes.
        """
        if self.size == 1 or device.type != "cuda":
            return device
        if device.index is not None:
            raise InvalidArgument(f"--device {device} is one GPU for {self.size} processes; say --device cuda.")
        if self.local_rank >= torch.cuda.device_count():
            found = torch.cuda.device_count()
            raise InvalidArgument(f"there are more processes than GPUs here; give torchrun --nproc-per-node {found}.")
        own = torch.device("cuda", self.local_rank)
        torch.cuda.set_device(own)  # where messages between processes go from
        return own

    @torch.no_grad()
    def total(self, parts: Sequence[Tensor]) -> list[Tensor]:
        """Each of `parts` (of one type, on one device), added up over all processes, in one message.

        Raises:
            InvalidRun: another process has ended.
        """
        if self.size == 1:
            return list(parts)
        message = torch.cat([part.reshape(-1) for part in parts])
        try:
            dist.all_reduce(message)
        except RuntimeError as error:
            raise InvalidRun(
                f"another process of this fit has ended, so this one cannot go on ({error}). The last checkpoint is "
                "as it was: start again with --resume."
            ) from error
        sums = message.split([part.numel() for part in parts])
        return [total.view(part.shape) for total, part in zip(sums, parts, strict=True)]

    def add(self, value: float) -> float:
        """The sum of the values of all processes. Goes from host to host, so it waits for no GPU."""
        return value if self.size == 1 else self.total([torch.tensor([value], dtype=torch.float64)])[0].item()

    def clock(self, seconds: float) -> float:
        """The `seconds` that process 0 gives."""
        return self.add(seconds if self.leads else 0.0)

    def any(self, flag: bool) -> bool:
        """Whether `flag` is true in any process."""
        return self.add(float(flag)) > 0

    def wait(self) -> None:
        """Nothing, when all processes have come here."""
        self.add(0.0)


ALONE = Team()


@contextmanager
def joined(environment: Mapping[str, str] = os.environ) -> Iterator[Team]:
    """The processes that this one was started with; `ALONE` if nobody started several.

    An error here ends the process in silence if another process has failed before it: there is one message for all.

    Raises:
        SystemExit: this process failed, and not as the first.
    """
    # `torch.distributed.nn` is imported above, before there is a group: its functions take the group of the moment of
    # the import for a default. The first optimizer would import it in here; the group, and the threads that it sends
    # with, would then outlive `destroy_process_group`, and such a thread can crash the interpreter on its way out.
    if not all(environment.get(name) for name in STARTED) or environment["WORLD_SIZE"] == "1":
        yield ALONE
        return
    store, rank, size = next(rendezvous("env://", timeout=PATIENCE))
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=PATIENCE)
    try:
        team = Team(rank, size, int(environment.get("LOCAL_RANK", rank)))
        yield team
        team.wait()  # a process that leaves while others still send makes them crash
    except SystemExit:  # who asks for that has said why
        raise
    except BaseException as error:
        if not _is_first_to_fail(store):
            raise SystemExit(130 if isinstance(error, KeyboardInterrupt) else 2) from None
        raise
    finally:
        dist.destroy_process_group()


def _is_first_to_fail(store: Store) -> bool:
    try:
        return store.add("gym-diamond/failed", 1) == 1
    except RuntimeError:  # whoever kept the store has ended, and not for joy
        return False
