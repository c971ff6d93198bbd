"""``belay info``: what a board is."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import click

from belay.cli.board import Port, connected
from belay.cli.settings import Settings, board_options, pass_settings
from belay.cli.table import pairs
from belay.exceptions import BoardError

if TYPE_CHECKING:
    from belay.device import Device


@click.command()
@click.argument("port", required=False, type=Port(), metavar="[PORT]")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@board_options
@pass_settings
def info(settings: Settings, port: str | None, as_json: bool) -> None:
    """Say what a board is and what it has left."""
    started = time.perf_counter()
    with connected(settings, port) as device:
        facts = _ask(device, time.perf_counter() - started)
    print(json.dumps(facts, indent=2) if as_json else pairs(_lines(facts)))


def _ask(device: Device, seconds: float) -> dict[str, Any]:
    about = device.implementation
    # First: the answers to the other questions need more of the agent.
    link = device.examine()
    memory = _try(
        device, "(__import__('gc').collect(), __import__('gc').mem_free(), __import__('gc').mem_alloc())"
    )
    disk = _try(device, "tuple(__import__('os').statvfs('/'))[:4]")
    return {
        "implementation": about.name,
        "version": list(about.version),
        "board": about.board,
        "platform": about.platform,
        "mpy_version": about.mpy_version,
        "arch": about.arch,
        "emitters": list(about.emitters),
        "unique_id": about.unique_id,
        "heap_free": memory and memory[1],
        "heap_size": memory and memory[1] + memory[2],
        "filesystem_free": disk and disk[0] * disk[3],
        "filesystem_size": disk and (disk[1] or disk[0]) * disk[2],
        "address": device.address,
        "agent": link.agent,
        "agent_lacks": list(link.lacking),
        "agent_memory": link.agent_memory,
        "largest_request": link.largest_request,
        "raw_paste": link.raw_paste,
        "flow_control": link.flow_control,
        "connect_seconds": round(seconds, 3),
    }


def _try(device: Device, expression: str) -> Any:
    """The value of an expression, or None on a board that does not have it."""
    try:
        return device(expression, record=False)
    except BoardError:
        return None


def _lines(facts: dict[str, Any]) -> list[tuple[str, str]]:
    version = ".".join(map(str, facts["version"]))
    mpy = "unknown" if facts["mpy_version"] is None else str(facts["mpy_version"])
    return [
        ("implementation", f"{facts['implementation']} {version}"),
        ("board", facts["board"] or "unknown"),
        ("platform", facts["platform"]),
        ("mpy version", f"{mpy}{', ' if facts['arch'] else ''}{facts['arch']}"),
        ("emitters", ", ".join(facts["emitters"]) or "none"),
        ("unique id", facts["unique_id"] or "unknown"),
        ("heap", _share(facts["heap_free"], facts["heap_size"])),
        ("filesystem", _share(facts["filesystem_free"], facts["filesystem_size"])),
        ("address", facts["address"]),
        ("calls", _way(facts)),
        ("agent's memory", _size(facts["agent_memory"])),
        ("largest request", _size(facts["largest_request"])),
        ("raw paste", "yes" if facts["raw_paste"] else "no"),
        ("flow control", "yes" if facts["flow_control"] else "no"),
        ("connected in", f"{facts['connect_seconds']:.2f} s"),
    ]


def _share(free: int | None, size: int | None) -> str:
    return "unknown" if free is None or size is None else f"{readable(free)} free of {readable(size)}"


def _way(facts: dict[str, Any]) -> str:
    """How calls travel, and why not by the agent."""
    if facts["agent"]:
        return "by the agent"
    lacks = ", ".join(facts["agent_lacks"])
    return f"over the plain REPL: {f'the firmware lacks {lacks}' if lacks else 'the agent is switched off'}"


def _size(size: int | None) -> str:
    return "unknown" if size is None else readable(size)


def readable(size: int) -> str:
    """A number of bytes for people."""
    number = float(size)
    for unit in ("B", "KiB", "MiB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} GiB"
