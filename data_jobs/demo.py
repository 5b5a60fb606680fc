"""``maskray demo``: the main job on real images and on a labelled set."""

import json
from pathlib import Path

from rich.console import Console

from data_jobs.config import JobSettings
from data_jobs.output import LEDGER, RELEASE, Output
from data_jobs.redact import redact, summary
from data_jobs.report import write_report
from maskray.errors import ConfigError
from maskray.geometry import Box
from maskray.policy import Policy
from maskray.records import Verdict
from maskray.score import Score, Treated, score
from maskray.synthesize import TRUTH_FILE, synthesize

EXAMPLES = Path(__file__).resolve().parent.parent / "examples" / "images"


def demo(out: Path, n: int, seed: int, console: Console) -> bool:
    """Runs the job over the examples and ``n`` synthesized instances.

    Returns:
        Whether each synthesized instance is accounted for and none that shows PHI was
        called CLEAN. How much of it is hidden is printed.

    Raises:
        ConfigError: If the examples are not there (an installed package has none), or
            ``out`` holds something else.
    """
    if not EXAMPLES.is_dir():
        raise ConfigError("the examples are not here: run the demo in a clone")
    made = out / "synthesized"
    if not (made / TRUTH_FILE).exists():
        console.print(f"making {n} labelled instances in {made}", markup=False)
        synthesize(made, n=n, seed=seed)
    truths = json.loads((made / TRUTH_FILE).read_text(encoding="ascii"))["instances"]
    files = [str(made / each["file"]) for each in truths]
    output = str(out / "output")
    settings = JobSettings()
    console.print(f"de-identifying {EXAMPLES.name} and {made} into {output}", markup=False)
    totals = redact([str(EXAMPLES), *files], output, settings, console)
    write_report(output)
    console.print(summary(totals))
    treated = _treated(Output(output), made)
    found = score(truths, treated, settings.policy)
    _show(found, settings.policy, console)
    console.print(
        f"Look at {output}/report.html, and at what is released in {output}/{RELEASE}."
    )
    return found.false_negatives == 0 and len(treated) == len(truths)


def _treated(output: Output, made: Path) -> dict[str, Treated]:
    """What the ledger says of the synthesized instances, by file name."""
    treated: dict[str, Treated] = {}
    for part in output.tables(LEDGER, ["source", "verdict", "regions"]):
        for row in part.to_pylist():
            source = Path(row["source"])
            if source.parent == made.absolute():
                regions = [
                    (each["frames"], Box(each["x0"], each["y0"], each["x1"], each["y1"]))
                    for each in row["regions"]
                ]
                treated[source.name] = Treated(Verdict(row["verdict"]), regions)
    return treated


def _show(found: Score, policy: Policy, console: Console) -> None:
    with_phi = found.true_positives + found.false_negatives
    without = found.false_positives + found.true_negatives
    console.print(
        f"Of the synthesized set, under the policy {policy.name}:\n"
        f"  instances that show PHI     {with_phi:4}, found {found.true_positives}\n"
        f"  instances that show none    {without:4}, left alone {found.true_negatives}\n"
        f"  pieces of PHI burned in     {found.phi_boxes:4}, hidden {found.phi_hidden}\n"
        f"  pieces of clinical text     {found.clinical_boxes:4}, "
        f"kept {found.clinical_kept}",
        markup=False,
    )
