# Makes the machine's next SSH host key, unless it is there, and says its public half. It is not in use yet.
next=/etc/ssh/brb_next_host_ed25519_key
[ -s "$next" ] && [ -s "$next.pub" ] || { rm -f "$next" "$next.pub"; ssh-keygen -q -t ed25519 -N '' -C '' -f "$next"; }
cat "$next.pub"
