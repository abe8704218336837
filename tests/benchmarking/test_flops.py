"""What a step must compute and move is what a person counts by hand."""

import torch
from torch.nn import functional as F

from gym_diamond.benchmarking.flops import Cost, Floor, cost_of, floor, step_cost
from gym_diamond.benchmarking.probe import Peak
from gym_diamond.envs.compiled import engine
from gym_diamond.envs.loading import DreamArguments, load_dream
from tests.tiny import write_tiny_world

FLOAT = 4  # bytes


def test_a_matrix_product_of_2x3_and_3x4_has_48_operations_and_moves_its_26_numbers():
    a, b = torch.ones(2, 3), torch.ones(3, 4)
    assert cost_of(lambda: (a @ b).relu()) == Cost(flops=2 * 2 * 3 * 4, bytes=FLOAT * (6 + 12 + 8))


def test_a_convolution_reads_its_kernel_once_for_the_whole_batch():
    kernel = torch.ones(5, 2, 3, 3)

    def of(rows: int) -> Cost:
        x = torch.ones(rows, 2, 4, 4)
        return cost_of(lambda: F.conv2d(x, kernel, padding=1))

    assert of(1).flops == 2 * 5 * 2 * 9 * 16
    assert of(7).flops == 7 * of(1).flops
    assert of(1).bytes == FLOAT * (5 * 2 * 9 + 2 * 16 + 5 * 16)
    assert of(7).bytes - of(1).bytes == 6 * FLOAT * (2 * 16 + 5 * 16)


def test_a_machine_computes_while_it_moves_so_the_floor_is_the_later_of_the_two():
    peak = Peak(matmul=100.0, conv=50.0, bytes_per_second=10.0)
    assert floor(Cost(flops=300, bytes=20), peak) == Floor(compute=3.0, memory=2.0)
    assert floor(Cost(flops=300, bytes=20), peak).seconds == 3.0
    assert floor(Cost(flops=100, bytes=20), peak).seconds == 2.0


def test_a_step_costs_what_is_counted_while_the_fast_step_runs_and_leaves_the_dream_where_it_is(tmp_path):
    arguments = DreamArguments(world=str(write_tiny_world(tmp_path)), device="cpu", precision="fp32")
    dream, _ = load_dream(arguments, num_envs=3)
    dream.reset(seed=0)
    before, action = dream.snapshot(), torch.tensor([0, 1, 2])
    noise = dream.world.draw(before.keys, before.counter)
    cost, fast = step_cost(dream, action), engine(dream.world).step
    assert cost == cost_of(lambda: fast(before.state, action, noise))
    assert 0 < cost.flops < cost_of(lambda: dream.world.step(before.state, action, noise)).flops
    assert dream.snapshot() is before
