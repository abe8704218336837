"""A world goes to the Hub whole, with a model card that the Hub reads, and comes back the same."""

import json
import os
import shutil
from pathlib import Path

import pytest
import torch
import yaml
from huggingface_hub import constants

from gym_diamond.checkpoint import load_world
from gym_diamond.data.contexts import ContextBank
from gym_diamond.errors import HubError, InvalidArgument, InvalidWorld
from gym_diamond.hub import BUNDLED, find_world
from gym_diamond.hub.model_card import model_card
from gym_diamond.hub.push import push
from tests.hub.standin import StandIn
from tests.tiny import write_tiny_world

REPOSITORY = "somebody/my-world"


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_world(tmp_path_factory.mktemp("worlds") / "pristine")


@pytest.fixture
def world(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "world"))


@pytest.fixture
def known(hub: StandIn, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """The stand-in, with a token that may write there."""
    monkeypatch.setenv("HF_TOKEN", "hf_may_write")
    return hub


def test_what_was_pushed_is_dreamt_by_others(known: StandIn, world: Path):
    address = push(world, REPOSITORY)
    assert address.startswith(f"hub:{REPOSITORY}@")
    fetched = find_world(address, None)
    assert fetched != world
    mine, theirs = load_world(world), load_world(fetched)
    for name, value in mine.model.state_dict().items():
        assert torch.equal(value, theirs.model.state_dict()[name])
    assert (mine.contexts.frames == theirs.contexts.frames).all()


def test_only_the_files_of_a_world_are_sent_and_those_of_an_older_measurement_are_removed(known: StandIn, world: Path):
    (world / "secret.txt").write_text("not for others")
    (world / "run.log").write_text("nor this")
    (world / "drift.png").write_bytes(b"a picture")
    (world / "coming.npz").write_bytes((world / "contexts.npz").read_bytes())
    commit = push(world, REPOSITORY).rpartition("@")[2]
    whole = {"README.md", "config.json", "contexts.npz", "coming.npz", "model.safetensors", "provenance.json"}
    assert known.files[f"{REPOSITORY}@{commit}"].keys() == {*whole, "drift.png"}
    (world / "drift.png").unlink()
    known.files[f"{REPOSITORY}@{commit}"]["notes.md"] = b"by hand"
    commit = push(world, REPOSITORY).rpartition("@")[2]
    assert known.files[f"{REPOSITORY}@{commit}"].keys() == {*whole, "notes.md"}


@pytest.mark.parametrize("content", [b"not an archive", "of larger frames"])
def test_a_second_bank_that_dreams_cannot_start_from_is_not_sent(content: bytes | str, known: StandIn, world: Path):
    own = load_world(world).contexts
    if isinstance(content, bytes):
        (world / "coming.npz").write_bytes(content)
    else:
        ContextBank(own.frames.repeat(2, axis=2), own.actions, own.is_real).save(world / "coming.npz")
    with pytest.raises(InvalidWorld, match=r"coming\.npz"):
        push(world, REPOSITORY)
    assert not any(REPOSITORY in name for name in known.files)


def test_the_card_tells_the_hub_what_it_is_and_people_how_to_dream_it():
    world = load_world(BUNDLED / "Breakout")
    metrics = json.loads((BUNDLED / "Breakout" / "metrics.json").read_text())
    text = (BUNDLED / "Breakout" / "README.md").read_text()
    card = model_card(text, world.model.spec, world.provenance, metrics, REPOSITORY, "mit")
    _, front, rest = card.split("---\n", 2)
    values = yaml.safe_load(front)
    assert values["license"] == "mit"
    assert values["library_name"] == "gym-diamond"
    assert values["pipeline_tag"] == "reinforcement-learning"
    assert {"world-model", "gymnasium", "arxiv:2405.12399", "game:Breakout"} <= set(values["tags"])
    assert values["provenance"]["minari_datasets"] == ["breakout/mixed-v0", "breakout/chance-v0"]
    assert values["provenance"]["transitions_by_policy"] == {"random": 43938, "sticky": 31971, "scripted": 84091}
    results = values["model-index"][0]["results"]
    measured = [metric for result in results for metric in result["metrics"]]
    psnr = metrics["drift"]["psnr"]
    assert [metric["value"] for metric in measured] == [round(psnr[mark]["mean"], 2) for mark in ("5", "15", "50")]
    assert f'world="hub:{REPOSITORY}"' in rest
    assert "![Drift over frames, dream and baseline](drift.png)" in rest, "the dream card's own figures"
    assert rest.strip().startswith("# Breakout, dreamt\n")


def test_a_card_that_goes_on_to_another_repository_names_that_one_only():
    world = load_world(BUNDLED / "Breakout")
    once = model_card("# A world\n\nText.\n", world.model.spec, {}, {}, "a/first", "mit")
    twice = model_card(once, world.model.spec, {}, {}, "b/second", "cc-by-4.0")
    assert "a/first" not in twice
    assert twice == model_card("# A world\n\nText.\n", world.model.spec, {}, {}, "b/second", "cc-by-4.0")
    assert twice.rstrip().endswith("Text.")


def test_without_a_token_it_says_how_to_log_in_and_asks_nobody(hub: StandIn, world: Path):
    with pytest.raises(HubError, match="log in with `hf auth login`, or set HF_TOKEN"):
        push(world, REPOSITORY)
    assert hub.requests == []


def test_a_token_that_may_not_write_is_said_to_be_that(hub: StandIn, world: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_TOKEN", "hf_may_read")
    with pytest.raises(HubError, match=f"Sending .* to {REPOSITORY} failed: the Hub answered 403. Log in"):
        push(world, REPOSITORY)


def test_offline_nothing_is_sent(known: StandIn, world: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match="HF_HUB_OFFLINE is set"):
        push(world, REPOSITORY)
    assert known.requests == []


def test_a_link_is_not_sent_for_it_may_lead_anywhere(known: StandIn, world: Path, tmp_path: Path):
    (tmp_path / "private").write_text("a key")
    (world / "README.md").unlink()
    os.symlink(tmp_path / "private", world / "README.md")
    with pytest.raises(InvalidWorld, match=r"README\.md is a link"):
        push(world, REPOSITORY)
    assert known.requests == []


def test_what_is_not_whole_is_not_sent(known: StandIn, world: Path):
    (world / "contexts.npz").unlink()
    with pytest.raises(InvalidWorld, match=r"contexts\.npz are missing"):
        push(world, REPOSITORY)
    assert known.requests == []


@pytest.mark.parametrize("name", ["my-world", "a/b/c", "../x", "a/b c", ""])
def test_a_name_that_is_none_is_refused(name, known: StandIn, world: Path):
    with pytest.raises(InvalidArgument, match="names no repository"):
        push(world, name)
    assert known.requests == []


def test_weights_of_others_need_a_licence_that_is_said(known: StandIn):
    world = find_world(None, "Asterix")
    with pytest.raises(InvalidArgument, match=r"not yours but from eloialonso/diamond.*--licence NAME"):
        push(world, REPOSITORY)
    commit = push(world, REPOSITORY, licence="other").rpartition("@")[2]
    sent = known.files[f"{REPOSITORY}@{commit}"]
    assert "policy.safetensors" in sent
    assert b"license: other\n" in sent["README.md"]
    assert b"repository: eloialonso/diamond\n" in sent["README.md"]


def test_weights_that_were_fitted_on_from_those_of_others_need_one_too(known: StandIn, world: Path):
    others = {"source": {"repository": "somebody/else"}}
    provenance = json.loads((world / "provenance.json").read_text())
    started = {"start_from": {"denoiser": {"start_from": {"denoiser": others}}}}
    (world / "provenance.json").write_text(json.dumps(provenance | started))
    with pytest.raises(InvalidArgument, match=r"from somebody/else, or were fitted on from there.*--licence NAME"):
        push(world, REPOSITORY)
    assert known.requests == []


def test_the_licence_that_the_card_names_is_kept(known: StandIn, world: Path):
    (world / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\n\n# A world\n\nlicense: none\n")
    commit = push(world, REPOSITORY).rpartition("@")[2]
    assert b"\nlicense: cc-by-nc-4.0\n" in known.files[f"{REPOSITORY}@{commit}"]["README.md"]
