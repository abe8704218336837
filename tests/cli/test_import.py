"""`gym-diamond import` as a person uses it: what it writes, what it says is wrong, and how such a world dreams."""

import json
from pathlib import Path

import gymnasium
import numpy as np
import pytest

from gym_diamond.cli import main
from gym_diamond.data.dataset import DatasetInfo, load
from tests.noisy_play import QUICK
from tests.recordings import numbers, pictures, write_csv, write_pictures, write_video

NAME = "walk/human-v0"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))
    return tmp_path / "datasets"


@pytest.fixture
def recordings(tmp_path: Path) -> tuple[str, str]:
    """A video of 13 pictures and a folder of 6, each with actions, rewards and ends."""
    write_video(tmp_path / "frames" / "walk1.mp4", pictures(13, 32, 48), "libx264")
    write_pictures(tmp_path / "frames" / "walk2", list(pictures(6, 32, 48, first=20)))
    write_csv(tmp_path / "actions" / "walk1.csv", "action,reward,end " + " ".join(f"{t % 3},0,0" for t in range(12)))
    write_csv(tmp_path / "actions" / "walk2.csv", "action,reward,end 0,0,0 0,0,0 0,1,0 2,0,0 1,-0.5,1")
    return str(tmp_path / "frames"), str(tmp_path / "actions")


def run(recordings: tuple[str, str], *words: str) -> int:
    return main(["import", *recordings, *words])


def test_videos_and_pictures_become_a_dataset(recordings: tuple[str, str], capsys: pytest.CaptureFixture[str]):
    names = "STAY,LEFT,RIGHT,JUMP"
    assert run(recordings, "--dataset", NAME, "--size", "16", "24", "--action-names", names) == 0
    info, episodes = load(NAME)
    assert info == DatasetInfo("walk", 4, ("STAY", "LEFT", "RIGHT", "JUMP"), 30, 16, 24, 3)
    assert [numbers(episode.frames) for episode in episodes] == [list(range(13)), list(range(20, 26))]
    assert [episode.actions.tolist() for episode in episodes] == [[0, 1, 2] * 4, [0, 0, 0, 2, 1]]
    assert episodes[1].rewards.tolist() == [0, 0, 1, 0, -0.5]
    assert [episode.terminated for episode in episodes] == [False, True]
    output = capsys.readouterr()
    assert "walk/human-v0: 17 steps in 2 episodes" in output.out
    assert "gym-diamond fit --dataset walk/human-v0" in output.out
    assert "19/19" in output.err, "the progress bar counts pictures"


def test_check_says_what_there_is_and_writes_nothing(
    recordings: tuple[str, str], root: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(recordings, "--check", "--action-names", "STAY,LEFT,RIGHT,JUMP", "--frame-skip", "2") == 0
    assert capsys.readouterr().out.splitlines() == [
        "recordings  2, in all 19 pictures of 32 x 48 (height x width)",
        "episodes    2, in all 9 steps, 15 a second",
        "frames      64 x 64, colour",
        "ends        1 of 2 episodes end with the game, the others are cut off",
        "rewards     -0.5 (1 times), 0 (7 times), 1 (1 times)",
        "actions",
        "  0 STAY                     4  44.4% ########################",
        "  1 LEFT                     3  33.3% ##################",
        "  2 RIGHT                    2  22.2% ############",
        "  3 JUMP                     0   0.0%",
        "Nothing is wrong, and nothing was written (--check).",
    ]
    assert not root.exists() or list(root.iterdir()) == []


def test_actions_of_several_parts_and_grey_frames_of_a_cut_out_part(tmp_path: Path):
    np.save(tmp_path / "frames.npy", pictures(4))
    write_csv(tmp_path / "keys.csv", "action_x,action_jump 0,1 2,0 1,1")
    words = ("--dataset", NAME, "--crop", "0", "0", "16", "16", "--size", "8", "8", "--grey", "--fps", "20")
    words += ("--game", "Walk", "--action-names", "STAY,LEFT,RIGHT", "NO,JUMP")
    assert main(["import", str(tmp_path / "frames.npy"), str(tmp_path / "keys.csv"), *words]) == 0
    info, (episode,) = load(NAME)
    assert (info.game, info.fps, info.channels, info.action_sizes) == ("Walk", 20, 1, (3, 2))
    assert info.action_meanings == ("STAY", "LEFT", "RIGHT", "NO", "JUMP")
    assert (info.has_rewards, info.has_ends) == (False, False)
    assert episode.actions.tolist() == [[0, 1], [2, 0], [1, 1]]
    assert episode.frames.shape == (4, 8, 8, 1)


def test_pictures_without_a_rate_are_15_a_second_and_the_next_command_can_be_typed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    np.save(tmp_path / "frames.npy", pictures(7))
    write_csv(tmp_path / "keys.csv", "action 0 1 0 1 0 1")
    words = ("--dataset", NAME, "--frame-skip", "3", "--game", "Super Walk")
    assert main(["import", str(tmp_path / "frames.npy"), str(tmp_path / "keys.csv"), *words]) == 0
    assert load(NAME)[0].fps == 15
    assert "--out runs/super-walk --max-minutes" in capsys.readouterr().out


def test_the_last_action_without_a_picture_is_left_out_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    np.save(tmp_path / "frames.npy", pictures(3))
    write_csv(tmp_path / "keys.csv", "action,end 0,0 2,0 1,1")
    assert main(["import", str(tmp_path / "frames.npy"), str(tmp_path / "keys.csv"), "--dataset", NAME]) == 0
    assert "1 of 1 recordings have as many pictures as actions: the last action of each" in capsys.readouterr().out
    (episode,) = load(NAME)[1]
    assert (episode.actions.tolist(), episode.terminated) == ([0, 2], True)


def test_everything_that_is_wrong_with_the_pictures_is_told_at_once_and_nothing_is_written(
    recordings: tuple[str, str], tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "frames" / "walk0.mp4").write_bytes(b"no video" * 100)
    write_csv(tmp_path / "actions" / "walk0.csv", "action,reward,end 1,0,0")
    write_pictures(tmp_path / "frames" / "walk3", list(pictures(5)))
    write_csv(tmp_path / "actions" / "walk3.csv", "action,reward,end 1,0,0 1,0,0")
    write_pictures(tmp_path / "frames" / "walk4", list(pictures(3)[..., 0]))
    write_csv(tmp_path / "actions" / "walk4.csv", "action,reward,end 1,0,0 1,0,0")
    (tmp_path / "frames" / "walk0.mp4").rename(tmp_path / "frames" / "walk5.mp4")
    (tmp_path / "actions" / "walk0.csv").rename(tmp_path / "actions" / "walk5.csv")
    assert run(recordings, "--dataset", NAME) == 2
    told = capsys.readouterr().err
    assert "3 problems:" in told
    assert "walk3 holds 5 pictures, and" in told
    assert "walk4 is grey, and" in told
    assert "walk5.mp4 cannot be read as a video" in told
    assert list(root.iterdir()) == []


def test_everything_that_is_wrong_with_the_actions_is_told_at_once(
    recordings: tuple[str, str], tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]
):
    write_csv(tmp_path / "actions" / "walk1.csv", "action,reward,end 1,0,0 x,0,0")
    write_csv(tmp_path / "actions" / "walk2.csv", "action,reward,end 7,0,0")
    assert run(recordings, "--dataset", NAME, "--action-names", "STAY,LEFT") == 2
    told = capsys.readouterr().err
    assert "walk1.csv, line 3, column action: 'x' is not an action" in told
    assert "walk2.csv, line 2, column action: there is no action 7; --action-names has 2, 0 to 1" in told
    assert not root.exists() or list(root.iterdir()) == []


def test_recordings_of_which_only_some_tell_rewards_are_refused(
    recordings: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    write_csv(tmp_path / "actions" / "walk2.csv", "action,end 0,0 0,0 0,0 2,0 1,1")
    assert run(recordings, "--check") == 2
    assert "walk1.csv has rewards, " in (told := capsys.readouterr().err)
    assert "walk2.csv has none. Give them for all recordings or for none." in told


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "give --dataset NAME"),
        (("--dataset", "walk"), "names look like"),
        (("--dataset", NAME, "--frame-skip", "0"), "--frame-skip is 0"),
        (("--dataset", NAME, "--fps", "0"), "--fps is 0"),
        (("--dataset", NAME, "--size", "0", "8"), "at least 1 x 1"),
        (("--dataset", NAME, "--crop", "0", "0", "99", "8"), "beyond pictures of 32 x 48"),
        (("--dataset", NAME, "--action-names", "A,A,B"), "must be distinct names"),
    ],
)
def test_mistakes_are_told_in_a_sentence(
    recordings: tuple[str, str], words: tuple[str, ...], complaint: str, capsys: pytest.CaptureFixture[str]
):
    assert run(recordings, *words) == 2
    error = capsys.readouterr().err
    assert "gym-diamond import: " in error
    assert complaint in error


@pytest.mark.parametrize("frame_skip", ["7", "100"])
def test_recordings_of_which_no_step_is_left_are_not_said_to_be_right(
    frame_skip: str, tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]
):
    """Nor are they written; of a recording that ends with the game the last step would be left, however short it is."""
    np.save(tmp_path / "frames.npy", pictures(7))
    source = (str(tmp_path / "frames.npy"), str(write_csv(tmp_path / "keys.csv", "action 0 1 0 1 0 1")))
    assert run(source, "--check", "--frame-skip", frame_skip) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert f"With --frame-skip {frame_skip} no recording is left with a step; lower it, or bring longer" in told.err
    assert run(source, "--dataset", NAME, "--frame-skip", frame_skip) == 2
    assert list(root.glob("*")) == []
    assert run(source, "--check", "--frame-skip", "6") == 0
    assert "episodes    1, in all 1 steps" in capsys.readouterr().out


def test_key_codes_are_told_with_their_file(
    recordings: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    write_csv(tmp_path / "actions" / "walk2.csv", "action,reward,end 0,0,0 0,0,0 0,1,0 2,0,0 1073742049,-0.5,1")
    assert run(recordings, "--check") == 2
    assert "walk2.csv, line 6, column action: the action 1073742049 would be one of more" in capsys.readouterr().err


def test_a_taken_name_is_refused_unless_it_may_be_replaced(recordings: tuple[str, str]):
    assert run(recordings, "--dataset", NAME) == 0
    assert run(recordings, "--dataset", NAME) == 2
    assert run(recordings, "--dataset", NAME, "--overwrite", "--frame-skip", "4") == 0
    assert load(NAME)[0].fps == 8


def test_help_teaches_the_formats(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stop:
        main(["import", "--help"])
    assert stop.value.code == 0
    told = capsys.readouterr().out
    for words in ("action,reward,end", "walk01.mp4", "--check", "--frame-skip", "--action-names", "ACTIONS"):
        assert words in told


@pytest.fixture
def bare(tmp_path: Path) -> tuple[Path, Path]:
    """A world fitted for two steps to recordings without rewards and ends, and where it stands."""
    for name, seed in (("human", 0), ("heldout", 1)):
        frames = np.random.default_rng(seed).integers(256, size=(40, 16, 16, 3), dtype=np.uint8)
        np.save(tmp_path / "frames.npy", frames)
        write_csv(tmp_path / "keys.csv", "action " + " ".join(str(t % 3) for t in range(39)))
        source = (str(tmp_path / "frames.npy"), str(tmp_path / "keys.csv"))
        assert run(source, "--dataset", f"walk/{name}-v0", "--size", "16", "16") == 0
    out = tmp_path / "runs" / "walk"
    assert main(["fit", "--dataset", NAME, "--out", str(out), "--steps", "2", *QUICK]) == 0
    return out, tmp_path


def test_a_world_without_rewards_and_ends_is_fitted_dreamt_and_judged(bare: tuple[Path, Path]):
    world, _ = bare
    spec = json.loads((world / "config.json").read_text())["spec"]
    assert (spec["has_rewards"], spec["has_ends"], spec["reward_values"]) == (False, False, [0.0])
    card = (world / "README.md").read_text()
    assert "the play held no rewards, so a dream always gives reward 0; the play did not tell when" in card

    env = gymnasium.make("gym_diamond:DiamondDream-v0", world=str(world), max_episode_steps=30)
    env.reset(seed=0)
    steps = [env.step(step % 3) for step in range(30)]
    assert [(reward, terminated) for _, reward, terminated, _, _ in steps] == [(0.0, False)] * 30
    assert {info["end_prob"] for *_, info in steps} == {0.0}
    assert steps[-1][3], "only the clock ends it"
    env.close()

    words = ("--num-starts", "2", "--horizon", "3", "--min-episode-steps", "5")
    assert main(["evaluate", str(world), "--dataset", "walk/heldout-v0", *words]) == 0
    metrics = json.loads((world / "metrics.json").read_text())
    assert "reward_end" not in metrics
    assert not (world / "reward_end.png").exists()
    card = (world / "README.md").read_text()
    assert "- **Rewards**: the play that it was fitted to holds no rewards, so its dreams always give reward 0." in card
    assert "- **Ends**: the play that it was fitted to does not tell when the game ended, so its dreams never" in card
    assert "F1" not in card, "no claims about what nobody knows"
