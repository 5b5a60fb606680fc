"""What deploy/ holds is what Serve, KubeRay and Grafana take, and safe."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel
from ray.serve.schema import ServeDeploySchema

from serve_app.config import Args

DEPLOY = Path(__file__).parents[2] / "deploy"
KUBERAY_CLUSTER = {
    "rayVersion",
    "enableInTreeAutoscaling",
    "autoscalerOptions",
    "headGroupSpec",
    "workerGroupSpecs",
}
GROUP = {
    "groupName",
    "replicas",
    "minReplicas",
    "maxReplicas",
    "rayStartParams",
    "template",
}
POD = {"automountServiceAccountToken", "securityContext", "containers", "volumes"}
CONTAINER = {
    "name",
    "image",
    "securityContext",
    "env",
    "ports",
    "resources",
    "volumeMounts",
}


def manifest(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text())
    return found


def unknown_keys(values: Any, model: type[BaseModel], at: str = "") -> Iterator[str]:
    """Keys that Ray's schema would drop without a word."""
    for key, value in values.items():
        field = model.model_fields.get(key)
        if field is None:
            yield f"{at}{key}"
            continue
        inner = next(_models(field.annotation), None)
        if inner is None or key in ("args", "runtime_env"):
            continue
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                yield from unknown_keys(each, inner, f"{at}{key}.")


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from _models(each)


def serve_configs() -> list[dict[str, Any]]:
    inner = yaml.safe_load(manifest("rayservice.yaml")["spec"]["serveConfigV2"])
    return [manifest("serve.yaml"), inner]


@pytest.mark.parametrize("config", serve_configs(), ids=["serve.yaml", "rayservice.yaml"])
def test_serve_takes_it_and_no_key_is_unknown(config: dict[str, Any]) -> None:
    ServeDeploySchema.model_validate(config)
    assert list(unknown_keys(config, ServeDeploySchema)) == []
    (application,) = config["applications"]
    Args.model_validate(application["args"])
    assert application["import_path"] == "serve_app.app:build"
    assert config["logging_config"]["enable_access_log"] is False


@pytest.mark.parametrize(
    "path", ["http_optoins", "http_options.hots", "applications.0.nmae"]
)
def test_a_misspelt_key_would_be_found(path: str) -> None:
    config: Any = manifest("serve.yaml")
    at = config
    *way, last = path.split(".")
    for each in way:
        at = at[int(each) if each.isdigit() else each]
    at[last] = "x"
    assert len(list(unknown_keys(config, ServeDeploySchema))) == 1


def test_arguments_that_are_misspelt_are_refused() -> None:
    (application,) = manifest("serve.yaml")["applications"]
    with pytest.raises(ValueError, match="redacters"):
        Args.model_validate({**application["args"], "redacters": {}})


def groups(name: str) -> list[dict[str, Any]]:
    spec = manifest(name)["spec"]
    cluster = spec.get("rayClusterConfig") or spec["rayClusterSpec"]
    assert set(cluster) <= KUBERAY_CLUSTER
    return [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]


@pytest.mark.parametrize("name", ["rayservice.yaml", "rayjob.yaml"])
def test_pods_have_no_rights_and_the_key_is_a_secret(name: str) -> None:
    head, *workers = groups(name)
    assert head["rayStartParams"]["num-cpus"] == "0"
    assert workers
    for group in (head, *workers):
        assert set(group) <= GROUP
        pod = group["template"]["spec"]
        assert set(pod) <= POD
        assert pod["securityContext"]["runAsNonRoot"] is True
        (container,) = pod["containers"]
        assert set(container) <= CONTAINER
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert not container["image"].endswith(":latest")
        assert container["resources"]["requests"] == container["resources"]["limits"]
        env = {each["name"]: each for each in container["env"]}
        assert "secretKeyRef" in env["MASKRAY_KEY"]["valueFrom"]


@pytest.mark.parametrize(
    ("name", "kind", "keys"),
    [
        ("rayservice.yaml", "RayService", {"serveConfigV2", "rayClusterConfig"}),
        (
            "rayjob.yaml",
            "RayJob",
            {
                "entrypoint",
                "submissionMode",
                "shutdownAfterJobFinishes",
                "ttlSecondsAfterFinished",
                "backoffLimit",
                "rayClusterSpec",
            },
        ),
    ],
)
def test_manifests_are_of_the_operators_kinds(name: str, kind: str, keys: set[str]) -> None:
    found = manifest(name)
    assert (found["apiVersion"], found["kind"]) == ("ray.io/v1", kind)
    assert set(found["spec"]) == keys


def test_no_file_holds_a_secret() -> None:
    for path in DEPLOY.iterdir():
        text = path.read_text()
        assert not re.search(r"mr_[A-Za-z0-9_-]{40}|AKIA|BEGIN .*KEY", text), path.name
        for digest in re.findall(r"[0-9a-f]{64}", text):
            assert int(digest, 16) < 10, "a placeholder, and nobody's token"


def dashboard_metrics() -> set[str]:
    dashboard = json.loads((DEPLOY / "grafana.json").read_text())
    shown = " ".join(
        target["expr"] for panel in dashboard["panels"] for target in panel["targets"]
    )
    return set(re.findall(r"ray_maskray_[a-z_]+", shown))


def test_the_dashboard_shows_metrics_that_exist() -> None:
    source = (DEPLOY.parent / "serve_app" / "metrics.py").read_text()
    made = set(re.findall(r'_(?:counter|histogram|gauge)\(\s*"([a-z_]+)"', source))
    shown = {
        re.sub(r"_(bucket|sum|count|total)$", "", each.removeprefix("ray_maskray_"))
        for each in dashboard_metrics()
    }
    assert shown == made
