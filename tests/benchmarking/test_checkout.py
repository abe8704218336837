"""What is wrong with a checkout is said, with the command that mends it."""

from pathlib import Path

import pytest

from gym_diamond.benchmarking.checkout import can_load, check_checkout
from gym_diamond.benchmarking.worker import isolated
from gym_diamond.errors import InvalidArgument, MissingExtra
from tests.benchmarking.checkout import write_checkout


def test_a_folder_that_is_not_there_is_told_with_the_way_to_one(tmp_path: Path):
    with pytest.raises(InvalidArgument, match=r"it does not exist\. Get one: git clone https://"):
        check_checkout(tmp_path / "nowhere")


def test_a_folder_of_something_else_is_told_with_what_it_lacks(tmp_path: Path):
    with pytest.raises(InvalidArgument, match=r"no checkout of the reference implementation: it has no src/envs/world"):
        check_checkout(tmp_path)


def test_a_package_that_it_lacks_is_named_with_the_command_that_brings_it(tmp_path: Path):
    checkout = write_checkout(tmp_path, imports="torch_something.metrics")
    with pytest.raises(MissingExtra, match="imports torch_something, which is not installed here: pip install torch_"):
        isolated("reference", can_load, str(checkout))
