"""`brb completion`, and `brb __words`, which the scripts call at each Tab."""

from typing import Annotated, Literal

from cyclopts import Parameter

from brb_cli.completing import candidates
from brb_cli.output import print_line, print_text

BASH = """\
_brb() {
    local IFS=$'\\n'
    COMPREPLY=($(brb __words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace
}
complete -o default -F _brb brb
"""
ZSH = """\
#compdef brb
_brb() {
    local -a found
    found=("${(@f)$(brb __words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n ${found[1]} ]]; then compadd -- "${found[@]}"; else _files; fi
}
if [[ ${funcstack[1]} == _brb ]]; then _brb "$@"; else compdef _brb brb; fi
"""
FISH = """\
function __brb_complete
    set -l words (commandline -opc) (commandline -ct)
    brb __words -- $words[2..-1] 2>/dev/null
end
complete -c brb -f -a '(__brb_complete)'
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def completion(shell: Literal["bash", "zsh", "fish"], /) -> None:
    """A completion script. Names of clusters, clouds and credentials are asked of the API at each Tab.

    bash: source <(brb completion bash)
    zsh: brb completion zsh > "${fpath[1]}/_brb"
    fish: brb completion fish > ~/.config/fish/completions/brb.fish

    Parameters
    ----------
    shell
        bash, zsh or fish.
    """
    print_text(SCRIPTS[shell])


def complete(*words: Annotated[str, Parameter(allow_leading_hyphen=True)]) -> None:
    """Candidates for the last word, one a line."""
    for candidate in candidates(list(words)):
        print_line(candidate)
