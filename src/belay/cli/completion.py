"""``belay completion``: for the shell."""

from __future__ import annotations

import click

from belay.cli.settings import examples, talk_options

INSTALL = examples(
    "bash: belay completion bash > ~/.local/share/bash-completion/completions/belay",
    "zsh:  belay completion zsh > ~/.zfunc/_belay  # fpath+=~/.zfunc before compinit in ~/.zshrc",
    "fish: belay completion fish > ~/.config/fish/completions/belay.fish",
)

BASH = r"""_belay_completion() {
    # Bash breaks words at colons, which addresses have: what stands together in the line is one word.
    local rest=$COMP_LINE word glued at=-1 words=()
    for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        glued=yes
        while [[ $rest == [[:space:]]* ]]; do
            rest=${rest:1}
            glued=
        done
        rest=${rest#"$word"}
        if [[ $glued && $at -ge 0 ]]; then
            words[at]+=$word
        else
            at=$((at + 1))
            words[at]=$word
        fi
    done

    # Bash puts the answer in the place of what is behind the last break.
    local current=${words[at]} type value IFS=$'\n'
    [[ $current == -*=* ]] && current=${current#*=}
    local before=${current%"${current##*[:=]}"}
    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("${value#"$before"}") ;;
        esac
    done < <(COMP_WORDS="${words[*]}" COMP_CWORD=$at _BELAY_COMPLETE=bash_complete "$1")
}

complete -o nosort -F _belay_completion belay
"""
"""Needs bash 4.4; all that is known of the command line is asked of belay."""


@click.command(epilog=INSTALL)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@talk_options
def completion(shell: str) -> None:
    """Print the script that completes commands, ports and files in a shell."""
    if shell == "bash":
        print(BASH, end="")
        return
    from click.shell_completion import get_completion_class

    from belay.cli.app import cli

    kind = get_completion_class(shell)
    assert kind is not None
    print(kind(cli, {}, "belay", "_BELAY_COMPLETE").source())
