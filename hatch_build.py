"""Writes the manifest of the knowledge into the wheel, as it is built.

An editable install gets none: what lies in a checkout is in development, and a manifest made
beside it would go stale.
"""

from __future__ import annotations

import tempfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Manifest(BuildHookInterface):  # type: ignore[type-arg]
    """The hook that hatchling calls before it packs the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the manifest to the files of the wheel."""
        if version == "editable":
            return
        root = Path(self.root)
        spec = spec_from_file_location("manifest", root / "reasoner/knowledge/manifest.py")
        assert spec is not None and spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        self.folder = tempfile.TemporaryDirectory()
        written = Path(self.folder.name) / module.NAME
        written.write_text(module.manifest(root))
        build_data["force_include"][str(written)] = f"covergraph/_knowledge/{module.NAME}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was written for the build."""
        if version != "editable":
            self.folder.cleanup()
