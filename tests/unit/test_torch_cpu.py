"""How torch is started: networks that are about to be loaded draw no weights."""

import pytest
import torch
from torch import nn

from maskray.torch_cpu import uninitialised


def test_networks_made_inside_draw_no_weights() -> None:
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    with uninitialised():
        nn.Sequential(nn.Linear(64, 64), nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
    assert torch.equal(torch.random.get_rng_state(), before)
    nn.Linear(4, 4)
    assert not torch.equal(torch.random.get_rng_state(), before)


def test_loading_too_little_fails() -> None:
    with uninitialised():
        network = nn.Linear(4, 4)
    with pytest.raises(RuntimeError, match="bias"):
        network.load_state_dict({"weight": torch.ones(4, 4)})


def test_an_error_inside_restores_them() -> None:
    drawn = nn.init.kaiming_uniform_
    with pytest.raises(ValueError, match="gone"), uninitialised():
        raise ValueError("gone")
    assert nn.init.kaiming_uniform_ is drawn
