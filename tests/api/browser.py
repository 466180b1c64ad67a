"""A real browser, driven over a pipe by its own protocol: keys are pressed, pages are read.

Chromium speaks the DevTools protocol on two file descriptors, one message after the other with a
zero byte between, so that nothing beside the browser itself is needed.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 90.0
KEYS = {"Tab": 9, "Enter": 13, " ": 32, "ArrowDown": 40, "ArrowRight": 39}


def browser() -> str:
    """Return the path of a browser; without one the test is skipped, and says so."""
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    warnings.warn("no browser is installed: pages are not looked at", stacklevel=2)
    pytest.skip("no browser is installed")


class Tab:
    """One tab: where it goes, what it shows, which hosts it asked, and the keys it is sent."""

    def __init__(self, to: int, back: int) -> None:
        self.to, self.back, self.left = to, back, b""
        self.number, self.session = 0, ""
        self.asked: list[str] = []
        self.logged: list[str] = []
        self.loads = 0
        target = self.say("Target.createTarget", url="about:blank")["targetId"]
        attached = self.say("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.say(f"{domain}.enable")

    def say(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result."""
        self.number += 1
        number = self.number
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            told = self._heard()
            if told.get("id") == number:
                assert "error" not in told, told
                result: dict[str, Any] = told["result"]
                return result

    def _heard(self) -> dict[str, Any]:
        while b"\0" not in self.left:
            ready, _, _ = select.select([self.back], [], [], PATIENCE)
            assert ready, "the browser says nothing"
            self.left += os.read(self.back, 2**16)
        first, _, self.left = self.left.partition(b"\0")
        told: dict[str, Any] = json.loads(first)
        given = told.get("params", {})
        if told.get("method") == "Network.requestWillBeSent":
            self.asked.append(given["request"]["url"])
        elif told.get("method") == "Page.loadEventFired":
            self.loads += 1
        elif told.get("method") == "Log.entryAdded":
            self.logged.append(given["entry"]["text"])
        elif told.get("method") == "Runtime.exceptionThrown":
            self.logged.append(str(given["exceptionDetails"]))
        return told

    def opened(self, url: str) -> None:
        """Go to an address and wait until the page is there."""
        before = self.loads
        self.say("Page.navigate", url=url)
        self.until_loaded(before)

    def until_loaded(self, before: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.loads == before and time.monotonic() < deadline:
            self.read("1")
            time.sleep(0.05)
        assert self.loads > before, "no page came"

    def read(self, expression: str) -> Any:
        """Return the value of an expression on the page."""
        found = self.say("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def until(self, expression: str) -> None:
        """Wait until an expression on the page is true."""
        deadline = time.monotonic() + PATIENCE
        while not self.read(expression):
            assert time.monotonic() < deadline, expression
            time.sleep(0.1)

    def press(self, key: str) -> None:
        code = KEYS[key]
        text = {"Enter": "\r", " ": " "}.get(key, "")
        told = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": code}
        self.say("Input.dispatchKeyEvent", type="keyDown", text=text, **told)
        self.say("Input.dispatchKeyEvent", type="keyUp", **told)

    def type(self, text: str) -> None:
        self.say("Input.insertText", text=text)

    def tab_to(self, name: str, value: str = "", most: int = 300) -> None:
        """Press Tab until a control has the focus, as somebody without a mouse does."""
        wanted = f"document.activeElement.name === {json.dumps(name)}"
        if value:
            wanted += f" && document.activeElement.value === {json.dumps(value)}"
        for _ in range(most):
            if self.read(wanted):
                return
            self.press("Tab")
        pytest.fail(f"{name} is not reached by the keyboard")


@contextmanager
def tab(folder: Path) -> Iterator[Tab]:
    """Run a browser that reaches this machine alone, and open a tab in it."""
    path = browser()
    read_commands, write_commands = os.pipe()
    read_answers, write_answers = os.pipe()

    def descriptors() -> None:
        commands, answers = os.dup(read_commands), os.dup(write_answers)
        os.dup2(commands, 3)
        os.dup2(answers, 4)

    command = [
        path,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={folder}",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        "--lang=en-GB",
        "--remote-debugging-pipe",
        "about:blank",
    ]
    process = subprocess.Popen(
        command,
        preexec_fn=descriptors,
        close_fds=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(read_commands)
    os.close(write_answers)
    try:
        yield Tab(write_commands, read_answers)
    finally:
        process.terminate()
        process.wait(20)
        os.close(write_commands)
        os.close(read_answers)
