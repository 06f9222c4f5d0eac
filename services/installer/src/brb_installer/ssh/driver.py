"""What runs on the machine to start a long script once and to look at it: a transient systemd unit and a folder.

There is one unit name, so two steps never run on a machine at once, whoever asks. Everything lies under /run: after a
reboot no run is known, which is right, because none goes on.
"""

import shlex

BUSY = 75

_START = """set -eu
umask 077
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
folder=/run/brb/runs/$1
current=/run/brb/current
if [ -e "$folder/exit" ]; then exit 0; fi
if systemctl is-active --quiet brb-step.service; then
    if [ "$(cat "$current" 2>/dev/null)" = "$1" ]; then exit 0; fi
    exit 75
fi
mkdir -p "$folder"
cat > "$folder/script"
: > "$folder/output"
echo "$1" > "$current"
systemctl reset-failed brb-step.service 2>/dev/null || true
exec systemd-run --quiet --collect --unit=brb-step --property=RuntimeMaxSec="$2" /bin/sh -c '
    sh "$0/script" > "$0/output" 2>&1
    echo $? > "$0/exit.new"
    rm -f "$0/script"
    mv "$0/exit.new" "$0/exit"' "$folder"
"""

_ATTACH = """set -eu
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
folder=/run/brb/runs/$1
if [ ! -d "$folder" ]; then echo unknown; exit 0; fi
round=0
while [ ! -e "$folder/exit" ] && [ "$round" -lt "$3" ]; do sleep "$4"; round=$((round + 1)); done
state=running
if [ ! -e "$folder/exit" ]; then
    if [ "$(cat /run/brb/current 2>/dev/null)" != "$1" ] || ! systemctl is-active --quiet brb-step.service; then
        state=254
    fi
fi
if [ -e "$folder/exit" ]; then state=$(cat "$folder/exit"); fi
echo "$state"
tail -c "+$(($2 + 1))" "$folder/output" | head -c 262144
"""

_ROUND_SECONDS = 0.1

ASK = "sudo -n /bin/sh -s"


def start_command(run_id: str, timeout_seconds: int) -> str:
    return shlex.join(["sudo", "-n", "/bin/sh", "-c", _START, "brb-start", run_id, str(timeout_seconds)])


def attach_command(run_id: str, offset: int, wait_seconds: float) -> str:
    rounds = str(round(wait_seconds / _ROUND_SECONDS))
    return shlex.join(
        ["sudo", "-n", "/bin/sh", "-c", _ATTACH, "brb-attach", run_id, str(offset), rounds, str(_ROUND_SECONDS)]
    )
