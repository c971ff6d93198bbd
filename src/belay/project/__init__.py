"""A project on this computer: what its pyproject.toml says.

How it is changed is in :mod:`~belay.project.edit`, how it begins in :mod:`~belay.project.create`.
"""

from __future__ import annotations

from belay.project.config import Group, Project, find_project, load_project

__all__ = ["Group", "Project", "find_project", "load_project"]
