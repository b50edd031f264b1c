"""What the processes that BatchDeck starts inherit of its environment: what they need, and no secret."""

from __future__ import annotations

from collections.abc import Mapping

_NEEDED = frozenset(
    {
        *(
            "PATH",
            "HOME",
            "USER",
            "LOGNAME",
            "SHELL",
            "LANG",
            "LANGUAGE",
            "TZ",
            "TERM",
            "TMPDIR",
            "TEMP",
            "TMP",
        ),
        *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "SYSTEMROOT"),
        *("PYTHONPATH", "PYTHONHOME", "PYTHONUTF8", "PYTHONIOENCODING", "PYTHONHASHSEED", "PYTHONWARNINGS"),
        *("PYTHONDONTWRITEBYTECODE", "JAVA_HOME", "NODE_PATH", "DISPLAY"),
    }
)
_NEEDED_PREFIXES = ("LC_", "XDG_", "COVERAGE_")


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a process that needs no key inherits: names that are known to be harmless, nothing else.

    A list of what is let through, not of what is held back: nobody knows what a secret will be called.
    """
    return {
        name: value for name, value in environ.items() if name in _NEEDED or name.startswith(_NEEDED_PREFIXES)
    }
