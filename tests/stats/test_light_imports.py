"""`evenhand --help` must not pay for statistics: importing every module of stats loads no slow library."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import evenhand.stats

SLOW = ("scipy.stats", "scipy.special", "pandas", "matplotlib", "sklearn", "statsmodels")


def test_no_slow_library_is_imported() -> None:
    modules = [f"evenhand.stats.{module.name}" for module in pkgutil.iter_modules(evenhand.stats.__path__)]
    code = f"import sys, {', '.join(modules)}; print([name for name in {SLOW!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
