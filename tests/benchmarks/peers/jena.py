"""Jena SHACL in a Java process of its own, which stays warm and is asked through a pipe.

Debian ships Jena as jars without a class path, and relocates the messages of its XML library
away from where the library looks for them; both are put right here, in a throwaway folder.
"""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path
from typing import Self
from zipfile import ZipFile

JARS = Path("/usr/share/java")
NEEDED = (
    "jena-shacl",
    "jena-arq",
    "jena-core",
    "jena-base",
    "jena-iri",
    "commons-codec",
    "commons-compress",
    "commons-csv",
    "commons-io",
    "commons-lang3",
    "dexx.collection",
    "gson",
    "guava",
    "jackson-core",
    "jackson-databind",
    "protobuf",
    "slf4j-api",
    "slf4j-nop",
    "thrift",
    "titanium-json-ld",
)
SOURCE = Path(__file__).with_name("JenaShacl.java")
RELOCATED = "org/apache/jena/ext/"


def missing() -> str:
    """Say what Jena needs and this machine lacks; the empty string when it can run."""
    for command in ("java", "javac"):
        if shutil.which(command) is None:
            return f"{command} is not installed"
    lacking = [jar for jar in NEEDED if not (JARS / f"{jar}.jar").exists()]
    if lacking:
        return f"{lacking[0]}.jar is not installed (Debian: libapache-jena-java)"
    return ""


def version() -> str:
    """Return the version of the jar that would run."""
    with ZipFile(JARS / "jena-shacl.jar") as jar:
        told = jar.read("META-INF/maven/org.apache.jena/jena-shacl/pom.properties").decode()
    found = re.search(r"^version=(.*)$", told, re.MULTILINE)
    return found[1] if found else "of unknown version"


class JenaError(RuntimeError):
    """Jena, or what is built on it, refused what it was given; the text is its own."""


def compiled(home: Path) -> Path:
    """Put what the process runs into a folder, which several processes may then share."""
    with ZipFile(JARS / "jena-core.jar") as jar:
        for name in jar.namelist():
            if name.startswith(RELOCATED) and name.endswith(".properties"):
                to = home / name.removeprefix(RELOCATED)
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_bytes(jar.read(name))
    subprocess.run(["javac", "-cp", class_path(home), "-d", str(home), str(SOURCE)], check=True)
    return home


def class_path(home: Path) -> str:
    return ":".join([str(home), *(str(JARS / f"{jar}.jar") for jar in NEEDED)])


class FramedProcess:
    """One Java process that is asked by frames of fields; a context manager that ends it."""

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process, which ends when its input does."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(timeout=30)

    def ask(self, *fields: str | bytes) -> list[str]:
        """Send one frame and return the lines of the answer."""
        assert self.process.stdin and self.process.stdout
        sent = [f.encode() if isinstance(f, str) else f for f in fields]
        self.process.stdin.write(struct.pack(">i", len(sent)))
        for field in sent:
            self.process.stdin.write(struct.pack(">i", len(field)) + field)
        self.process.stdin.flush()
        (length,) = struct.unpack(">i", self.process.stdout.read(4))
        first, *lines = self.process.stdout.read(length).decode().split("\n")
        if first != "ok":
            raise JenaError("\n".join(lines))
        return [line for line in lines if line]


class Jena(FramedProcess):
    """One process with Jena, which is compiled, started and ended here.

    Parameters
    ----------
    home : Path or None
        Where it is compiled already; by default it is compiled into a folder of its own.
    """

    def __init__(self, home: Path | None = None) -> None:
        self._folder = None if home else tempfile.TemporaryDirectory()
        home = home or compiled(Path(self._folder.name))
        super().__init__("java", "-Xmx1g", "-cp", class_path(home), SOURCE.stem)

    def close(self) -> None:
        super().close()
        if self._folder:
            self._folder.cleanup()
