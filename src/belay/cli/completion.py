"""``belay completion``: for the shell."""

from __future__ import annotations

import click

from belay.cli.settings import examples, talk_options

INSTALL = examples(
    "bash: belay completion bash > ~/.local/share/bash-completion/completions/belay",
    "zsh:  belay completion zsh > ~/.zfunc/_belay  # fpath+=~/.zfunc before compinit in ~/.zshrc",
    "fish: belay completion fish > ~/.config/fish/completions/belay.fish",
)


@click.command(epilog=INSTALL)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@talk_options
def completion(shell: str) -> None:
    """Print the script that completes commands, ports and files in a shell."""
    from click.shell_completion import get_completion_class

    from belay.cli.app import cli

    kind = get_completion_class(shell)
    assert kind is not None
    print(kind(cli, {}, "belay", "_BELAY_COMPLETE").source())
