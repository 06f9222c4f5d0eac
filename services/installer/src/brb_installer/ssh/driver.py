"""What runs on the machine to start a long script once and to look at it: a transient systemd unit and a folder.

There is one unit name, so two steps never run on a machine at once, whoever asks. Everything lies under /run: after a
reboot no run is known, which is right, because none goes on.
"""

import shlex

BUSY = 75
UNKNOWN = "unknown\n"

# $1 the run, $2 bytes of its output read before, $3 rounds to wait, $4 their seconds, $5 (of a start) the run's limit
_PRELUDE = """set -eu
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
folder=/run/brb/runs/$1
current=/run/brb/current
"""

_START = """umask 077
is_active() { systemctl is-active --quiet brb-step.service; }
if [ -e "$folder/exit" ]; then :
elif is_active && [ "$(cat "$current" 2>/dev/null)" = "$1" ]; then :
elif is_active; then exit 75
else
    mkdir -p "$folder"
    cat > "$folder/script"
    : > "$folder/output"
    echo "$1" > "$current"
    systemctl reset-failed brb-step.service 2>/dev/null || true
    systemd-run --quiet --collect --unit=brb-step --property=RuntimeMaxSec="$5" /bin/sh -c '
        sh "$0/script" > "$0/output" 2>&1
        echo $? > "$0/exit.new"
        rm -f "$0/script"
        mv "$0/exit.new" "$0/exit"' "$folder"
fi
"""

_ATTACH = """if [ ! -d "$folder" ]; then echo unknown; exit 0; fi
round=0
while [ ! -e "$folder/exit" ] && [ "$round" -lt "$3" ]; do sleep "$4"; round=$((round + 1)); done
state=running
if [ ! -e "$folder/exit" ]; then
    if [ "$(cat "$current" 2>/dev/null)" != "$1" ] || ! systemctl is-active --quiet brb-step.service; then
        state=254
    fi
fi
if [ -e "$folder/exit" ]; then state=$(cat "$folder/exit"); fi
echo "$state"
tail -c "+$(($2 + 1))" "$folder/output" | head -c 262144
"""

_ROUND_SECONDS = 0.1

ASK = "sudo -n /bin/sh -s"


def start_command(run_id: str, timeout_seconds: int, wait_seconds: float) -> str:
    """Starts what stdin says unless it was started before, and looks at it as `attach_command` does."""
    return _command(_PRELUDE + _START + _ATTACH, run_id, 0, wait_seconds, str(timeout_seconds))


def attach_command(run_id: str, offset: int, wait_seconds: float) -> str:
    """Says UNKNOWN; or the run's exit code, or `running`, on a line, then its output from `offset` bytes on."""
    return _command(_PRELUDE + _ATTACH, run_id, offset, wait_seconds)


def _command(script: str, run_id: str, offset: int, wait_seconds: float, *more: str) -> str:
    rounds = round(wait_seconds / _ROUND_SECONDS)
    words = (run_id, str(offset), str(rounds), str(_ROUND_SECONDS), *more)
    return shlex.join(["sudo", "-n", "/bin/sh", "-c", script, "brb-step", *words])
