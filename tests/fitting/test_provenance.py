"""What a world can prove of where it comes from."""

from typing import Any

import pytest

from gym_diamond.fitting.first_card import lineage
from gym_diamond.fitting.provenance import names_all_episodes

OURS: dict[str, Any] = {"episodes": ["one"], "start_from": {}}
SOURCE = {"repository": "somebody/theirs", "revision": "a" * 40, "file": "theirs.pt"}
AUTHORS: dict[str, Any] = {"source": SOURCE, "datasets": [], "episodes": []}


@pytest.mark.parametrize(
    ("provenance", "expected"),
    [
        (OURS, True),
        (OURS | {"start_from": {"denoiser": {"start_from": {}}}}, True),  # its episodes are among `earlier_episodes`
        ({}, False),
        (AUTHORS, False),
        (OURS | {"start_from": {"denoiser": AUTHORS}}, False),
        (OURS | {"start_from": {"denoiser": {"start_from": {"denoiser": AUTHORS}}}}, False),
    ],
)
def test_nothing_proves_what_a_world_has_not_seen_that_others_began(provenance: dict[str, Any], expected: bool):
    assert names_all_episodes(provenance) == expected


def test_a_card_names_the_authors_of_what_a_fit_began_from():
    assert "- denoiser: `theirs.pt` of somebody/theirs\n" in lineage({"start_from": {"denoiser": AUTHORS}})
