"""``maskray evaluate``: detectors and other tools side by side, judged from pixels."""
