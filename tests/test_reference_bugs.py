"""The bugs of the reference implementation, and what shows that each of them is not ours.

Found by reading and running it. Each has one entry: what is wrong there, what we do, and the tests that show it (files
below tests/; `here` is this one), or why there is nothing of the kind in this package. The tests at the end of this
file are those that no other file has.

B1   Frames are truncated to bytes, so 63 of 256 levels sink by one. We round, in one file.
     test_frames.py::test_the_round_trip_is_the_identity_on_every_level
     test_frames.py::test_truncating_at_the_border_would_lose_levels_and_rounding_does_not
     test_frames.py::test_no_other_file_computes_with_the_number_255
B2   Each epoch reads and writes its data again and darkens it. Ours are uint8 from the emulator to the batch.
     here::test_play_that_is_written_and_read_again_and_again_loses_no_level
     data/test_segments.py::test_levels_survive_the_way_from_frames_to_obs
B3   CS:GO: values out of range wrap around when they become bytes. We clamp first.
     test_frames.py::test_obs_beyond_the_range_are_clamped
B4   The last Euler step leaves frames a rounding error off the 256 levels. We put them back.
     world_models/test_diamond.py::test_the_diamond_world_obeys
     world_models/test_diamond.py::test_the_released_quantizer_puts_frames_on_the_grid_too
B5   The first noise has scale 1, not sigma_max; deliberate there, so ours by default, EDM's by choice.
     world_models/test_sampler.py::test_the_first_noise_has_the_scale_that_the_config_says
B6   After churn the network is told the noise level from before. A named choice.
     world_models/test_sampler.py::test_what_the_denoiser_is_told_after_churn_is_a_choice
B7   CS:GO: the history gets more noise in every denoising step. Ours is the same in all of them.
     here::test_every_denoising_step_sees_the_same_history
B8   CS:GO: history is noised otherwise in training than in play. Ours is clean, or the model's own output, in both.
     here::test_every_denoising_step_sees_the_same_history
     world_models/test_objectives.py::test_the_second_target_is_predicted_from_the_models_own_frame
B9   Offset noise raises the level that is told where none was injected. Kept: the released weights expect it.
     world_models/test_preconditioning.py::test_offset_noise_raises_the_level_that_the_network_is_told_also_where_none_is_injected
B10  A zip of lists of unequal lengths is cut in silence. Each of ours says whether it may be.
     here::test_every_zip_says_whether_lengths_must_agree
B11  Last frames come as a compact array of the rows that ended, if any. Ours have all rows and a mask.
     envs/test_vector.py::test_infos_in_literal_arrays
     envs/test_dream.py::test_same_step_resets_a_row_in_the_step_that_ends_it
B12  Who plays sees a second reset, and never the last frame. One reset here, and the last frame is handed out.
     envs/test_vector.py::test_same_step_in_literal_arrays
     envs/test_dream.py::test_the_counter_moves_by_one_for_each_step_and_each_reset
     envs/test_single.py::test_rendering_shows_the_newest_frame
B13  Padding is mid-grey, which no byte says. Ours is marked by a mask and is obs 0 whatever bytes are stored.
     data/test_contexts.py::test_padding_stands_only_before_an_episodes_first_frame_and_is_zero
     data/test_contexts.py::test_tensors_are_obs_with_zero_padding_in_the_order_asked_for
B14  Resets hang if more rows end than contexts wait, and drop the tail. Ours are drawn from a bank with replacement.
     here::test_more_rows_than_contexts_may_end_at_once
     here::test_a_dream_starts_at_every_context_of_its_bank
B15  Rewards and ends are always sampled, and nothing can be seeded. Three modes, and a stream for each row.
     world_models/test_diamond.py::test_a_reward_may_be_the_most_probable_or_the_mean
     world_models/test_diamond.py::test_an_end_is_drawn_as_told
     envs/test_single.py::test_a_seed_decides_everything_that_follows
B16  The last step of an unfinished episode leads to grey padding and counts; the loss changes its batch.
     here::test_the_last_transition_of_an_unfinished_episode_leads_to_a_real_frame
     world_models/test_objectives.py::test_transitions_of_padding_do_not_count_in_reward_and_end
     world_models/test_objectives.py::test_a_loss_is_a_function_of_its_segment_and_noise
B17  The loss is NaN where no target is real, and padding is replaced by guesses that are then history.
     world_models/test_objectives.py::test_a_batch_without_a_real_target_costs_nothing
     here::test_a_real_target_never_follows_padding
B18  A life lost in one row replaces the last frames of all rows.
     collection/test_play.py::test_rows_are_played_side_by_side_and_never_mixed
     collection/test_play.py::test_a_lost_life_ends_an_episode_and_the_next_begins_with_the_same_frame
B19  A game that ends amid skipped frames shows an older frame as its last, by up to one step. So does the emulator's
     own vector env, which we play: one frame a game, at its very end, and no other.
     envs/test_atari.py::test_a_lost_life_is_told_from_a_lost_game_and_the_last_frame_is_kept
     envs/test_atari.py::test_frames_are_the_area_mean_of_the_maximum_over_the_last_two_of_four_emulated_frames
B20  Memory is burned in after automatic resets, not at the first one. One path for both here.
     here::test_the_first_start_and_an_automatic_one_remember_the_same
     collection/test_policies.py::test_a_recurrent_policy_remembers_by_row_until_its_episode_ends
B21  Epsilon is drawn once for all rows. Ours for each.
     here::test_each_row_explores_on_its_own
B22  Weights must sum to exactly 1, episodes are drawn by global randomness. Ours are shares, and generators are given.
     collection/test_play.py::test_weights_are_shares_of_the_steps_and_an_episode_has_one_player
     data/test_segments.py::test_every_admissible_pair_is_drawn_equally_often
     here::test_a_fit_leaves_the_global_random_streams_alone
B23  What is downloaded is unpickled and evaluated.
     here::test_nothing_that_is_loaded_can_run_code
     world_models/test_upstream.py::test_a_checkpoint_that_would_run_code_is_refused
     test_checkpoint.py::test_a_pickle_in_place_of_arrays_is_not_executed
B24  CS:GO: a list is indexed as a tensor; stray files among the spawns break it.
     none: there are no spawn folders here; contexts are one checked file, and an upsampler will be a world of its own.
B25  Documentation and options disagree.
     cli/test_collect.py::test_the_help_teaches_by_example
     envs/test_loading.py::test_make_and_make_vec_take_the_same_arguments_and_every_value_of_the_sampler
B26  Gymnasium 1.0 changed vector envs, final_obs and autoreset. Written for it from the start.
     envs/test_loading.py::test_gymnasiums_checker_has_nothing_to_say
     envs/test_vector.py::test_gymnasium_records_episode_statistics
B27  Reporting retries for ever without a network; collecting rewrites a whole episode every 100 steps. Ours is
     written once, when it is over.
     here::test_a_reporter_that_cannot_start_is_asked_once
     cli/test_collect.py::test_the_dataset_holds_the_steps_asked_for_by_the_players_asked_for
B28  Ends are integers, and asking whether a row ended waits for the device. Ours are bool, and rows have masks.
     here::test_a_step_never_asks_the_device_for_a_value
     envs/test_dream.py::test_the_clock_truncates_and_the_world_terminates_and_both_may_happen_at_once
"""

import ast
import random
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from gym_diamond import world_models
from gym_diamond.collection.policies import EpsilonPolicy
from gym_diamond.data.dataset import load, write
from gym_diamond.data.segments import SegmentStore
from gym_diamond.envs.dream import Dream
from gym_diamond.fitting.config import FitConfig, OptimConfig, RunConfig
from gym_diamond.fitting.loop import Position, fit
from gym_diamond.fitting.material import Material
from gym_diamond.fitting.reporters import WandbReporter
from gym_diamond.fitting.setup import make_setup
from gym_diamond.world_models.protocol import Sampling, WorldSpec
from tests.fakes import counting_bank, counting_dream
from tests.noisy_play import INFO, make_episodes

TESTS = Path(__file__).parent
SPEC = WorldSpec("Breakout", 16, 16, 3, 4, INFO.action_meanings, 4, (-1.0, 0.0, 1.0), 15)
DIAMOND = world_models.backend("diamond")


def tiny_world(num_denoising_steps: int = 3):
    torch.manual_seed(0)
    sampling = Sampling(num_denoising_steps=num_denoising_steps)
    return DIAMOND.build(DIAMOND.presets["tiny"], SPEC, sampling, "fp32").requires_grad_(False).eval()


def calls(name: str) -> list[tuple[str, ast.Call]]:
    """Where the package calls `name`, a function or a method with its owner ("np.load"), and how."""
    found = []
    for path in (TESTS.parent / "gym_diamond").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == name:
                found.append((f"{path.name}:{node.lineno}", node))
    return found


def test_the_table_has_every_bug_and_every_test_in_it_exists():
    entries = re.split(r"^B(?=\d)", __doc__ or "", flags=re.MULTILINE)[1:]
    assert [int(entry.split()[0]) for entry in entries] == list(range(1, 29))
    for entry in entries:
        named = re.findall(r"^     (\S+)::(test_\w+)$", entry, flags=re.MULTILINE)
        assert named or re.search(r"^     none: .+", entry, flags=re.MULTILINE), f"B{entry}"
        for file, test in named:
            path = Path(__file__) if file == "here" else TESTS / file
            functions = [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.FunctionDef)]
            assert test in [function.name for function in functions], f"{file}::{test}"


def test_play_that_is_written_and_read_again_and_again_loses_no_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    first = episodes = make_episodes(1, seed=0)
    assert len(np.unique(first[0].frames)) == 256
    for time in range(5):
        write(f"breakout/copy-v{time}", INFO, episodes)
        episodes = load(f"breakout/copy-v{time}")[1]
    assert np.array_equal(episodes[0].frames, first[0].frames)


def test_every_denoising_step_sees_the_same_history():
    world, histories = tiny_world(num_denoising_steps=3), []
    world.denoiser.register_forward_pre_hook(lambda module, given: histories.append(given[2].clone()))
    dream = Dream(world, counting_bank((7,), 16, 16, length=6), 2)
    dream.reset(seed=0)
    before = world.history(dream.snapshot().state)
    dream.step(torch.zeros(2, dtype=torch.int64))
    assert len(histories) == 3
    assert all(torch.equal(history, before) for history in histories)


def test_every_zip_says_whether_lengths_must_agree():
    found = calls("zip")
    assert len(found) > 5
    assert [where for where, call in found if "strict" not in [keyword.arg for keyword in call.keywords]] == []


def test_more_rows_than_contexts_may_end_at_once():
    dream = counting_dream(num_envs=9, starts=(0, 100), max_episode_steps=1)
    dream.reset(seed=0)
    for _ in range(3):
        step = dream.step(torch.zeros(9, dtype=torch.int64))
        assert step.truncated.all()
        assert set(dream.snapshot().state.count.tolist()) <= {0, 100}


def test_a_dream_starts_at_every_context_of_its_bank():
    starts = tuple(range(0, 210, 3))  # 70, more than are burned in at once
    dream = counting_dream(num_envs=2000, starts=starts)
    dream.reset(seed=0)
    assert set(dream.snapshot().state.count.tolist()) == set(starts)


def test_the_last_transition_of_an_unfinished_episode_leads_to_a_real_frame():
    episode = make_episodes(1, seed=0)[0]._replace(terminated=False, truncated=True, game_over=False)
    store = SegmentStore.from_episodes([episode])
    last = store.gather(torch.tensor([0]), torch.tensor([len(episode.actions) - 1]), length=3)
    assert last.is_real.tolist() == [[True, True, False]]  # one transition, then padding
    levels = (last.obs[0, 1] + 1) * 127.5  # (C, H, W)
    assert np.array_equal(levels.round().permute(1, 2, 0).numpy(), episode.frames[-1])
    assert not last.end.any()


def test_a_real_target_never_follows_padding():
    objective = DIAMOND.objectives(tiny_world(), DIAMOND.loss_config_type())[0]
    store, L = SegmentStore.from_episodes(make_episodes(2, seed=0)), SPEC.context_length
    is_real = store.sample(objective.window, 500, torch.Generator().manual_seed(0)).is_real
    assert not is_real.all()
    newest, targets = is_real[:, L - 1 : -1], is_real[:, L:]
    assert newest[targets].all()


def test_the_first_start_and_an_automatic_one_remember_the_same():
    dream = Dream(tiny_world(), counting_bank((7,), 16, 16, length=6), 1, max_episode_steps=1)
    dream.reset(seed=0)
    first = dream.snapshot().state
    assert dream.step(torch.zeros(1, dtype=torch.int64)).truncated
    again = dream.snapshot().state
    assert first.hx.abs().sum() > 0
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_each_row_explores_on_its_own():
    class Still:
        name = "still"

        def begin(self, rows: np.ndarray) -> None: ...

        def act(self, rows: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
            return np.full(len(rows), -1)

    policy, rng = EpsilonPolicy(Still(), 4, 0.5), np.random.default_rng(0)
    explored = np.stack([policy.act(np.arange(8), np.zeros((8, 1)), rng) >= 0 for _ in range(1000)])  # (steps, rows)
    correlation = np.corrcoef(explored.T)
    assert np.abs(correlation - np.eye(8)).max() < 0.15


class Silent:
    """Hooks that do nothing."""

    def report(self, position: Position, values: Mapping[str, float]) -> None: ...

    def preview(self, position: Position) -> None: ...

    def checkpoint(self, position: Position) -> None: ...


def test_a_fit_leaves_the_global_random_streams_alone():
    def streams() -> tuple[object, ...]:
        return random.getstate(), str(np.random.get_state()), torch.get_rng_state().tolist()  # noqa: NPY002

    optim = OptimConfig(batch_size=2)
    config = RunConfig(
        preset="tiny",
        model=DIAMOND.presets["tiny"],
        fit=FitConfig(steps=2, num_contexts=4),
        denoiser=optim,
        reward_end=optim,
    )
    torch.manual_seed(1234)
    before = streams()
    setup = make_setup(config, Material(SPEC, make_episodes(1, seed=0)), torch.device("cpu"))
    fit(setup.learners, setup.store, config.fit, Position(), Silent())
    assert streams() == before


def test_nothing_that_is_loaded_can_run_code():
    for name, safely in (("torch.load", ("weights_only", True)), ("np.load", ("allow_pickle", False))):
        for where, call in calls(name):
            assert safely in [(k.arg, ast.literal_eval(k.value)) for k in call.keywords if k.arg == safely[0]], where
    for name in ("eval", "exec", "pickle.load", "pickle.loads", "yaml.load", "__import__"):
        assert calls(name) == []
    assert calls("torch.load")
    assert calls("np.load")


def test_a_reporter_that_cannot_start_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    asked = []

    def init(**about: object) -> None:
        asked.append(about)
        raise ConnectionError("no network")

    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=init))
    with pytest.raises(ConnectionError, match="no network"):
        WandbReporter("dreams", tmp_path / "fit", {}, resumes=False)
    assert len(asked) == 1


@pytest.mark.parametrize("autoreset_mode", ["SameStep", "NextStep", "Disabled"])
def test_a_step_never_asks_the_device_for_a_value(autoreset_mode: str):
    """On torch's meta device, whose tensors have shapes and no values: asking for one raises."""
    bank, world = counting_bank((7, 8), 16, 16, length=6), tiny_world().to("meta")
    dream = Dream(world, bank, 3, max_episode_steps=2, autoreset_mode=autoreset_mode)
    dream.reset(seed=0)
    step = [dream.step(torch.zeros(3, dtype=torch.int64, device="meta")) for _ in range(3)][-1]
    assert (step.terminated.dtype, step.truncated.dtype) == (torch.bool, torch.bool)
    with pytest.raises(RuntimeError, match="meta"):
        bool(step.terminated.any())
