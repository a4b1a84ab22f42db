"""TensorFlow Serving itself, in a container of docker."""

import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from ports import free_ports

DEPLOY = Path(__file__).parents[1] / "deploy"


class Container:
    """A server of deploy/models.config while its context lasts.

    Args:
        image: name of the image.
        base: folder of the versions.
        labels: those of deploy/models.config, for whoever reads the test.
    """

    def __init__(self, image, base, labels):
        self.image, self.base, self.labels = image, base, labels
        self.port, self.rest_port = free_ports(2)

    def __enter__(self):
        command = ["docker", "run", "--detach", "--rm"]
        command += [f"--publish=127.0.0.1:{self.port}:8500", f"--publish=127.0.0.1:{self.rest_port}:8501"]
        command += [f"--volume={self.base}:/models/fer:ro", f"--volume={DEPLOY}:/deploy:ro", self.image]
        command += ["--model_config_file=/deploy/models.config", "--allow_version_labels_for_unavailable_models=true"]
        command += ["--enable_batching=true", "--batching_parameters_file=/deploy/batching.config"]
        self.name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        self._wait()
        return self

    def __exit__(self, *_):
        subprocess.run(["docker", "stop", self.name], check=True, capture_output=True)

    def _wait(self):
        """Until both versions answer, at most two minutes."""
        for _ in range(120):
            time.sleep(1)
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.rest_port}/v1/models/fer", timeout=5) as answer:
                    if answer.read().count(b"AVAILABLE") == 2:
                        return
            except (TimeoutError, urllib.error.URLError, ConnectionError):
                pass
        raise TimeoutError(f"{self.image} did not serve within two minutes")
