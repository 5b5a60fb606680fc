"""cluster.yaml is what `ray up` takes, and safe."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture
def cluster() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "cluster.yaml").read_text())
    return found


def _validate(config: dict[str, Any]) -> None:
    from ray.autoscaler._private.util import prepare_config, validate_config

    validate_config(prepare_config(copy.deepcopy(config)))


def test_ray_accepts_it(cluster: dict[str, Any]) -> None:
    _validate(cluster)


def test_ray_refuses_an_unknown_key(cluster: dict[str, Any]) -> None:
    with pytest.raises(Exception, match="maximum_workers"):
        _validate({**cluster, "maximum_workers": 3})


def test_no_node_has_a_public_address_or_a_plain_disk(cluster: dict[str, Any]) -> None:
    assert cluster["provider"]["use_internal_ips"] is True
    for node in cluster["available_node_types"].values():
        disks = node["node_config"]["BlockDeviceMappings"]
        assert all(disk["Ebs"]["Encrypted"] for disk in disks)
        assert node["node_config"]["MetadataOptions"]["HttpTokens"] == "required"


def test_the_head_does_no_work(cluster: dict[str, Any]) -> None:
    assert cluster["available_node_types"]["head"]["resources"] == {"CPU": 0}


def test_it_holds_no_secrets() -> None:
    text = (ROOT / "cluster.yaml").read_text().lower()
    for word in ("aws_secret", "password", "private_key", "akia"):
        assert word not in text


def test_gpu_nodes_come_only_when_they_are_asked_for(cluster: dict[str, Any]) -> None:
    gpu = cluster["available_node_types"]["gpu"]
    assert gpu["resources"]["GPU"] >= 1
    assert gpu["min_workers"] == 0
