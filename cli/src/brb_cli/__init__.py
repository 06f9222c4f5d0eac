"""The command line of Big Red Button. It speaks only the public REST API.

`app.py` names the commands; `commands/` has one module per noun; `api.py` is the HTTP client; `follow.py` watches a
cluster, `waiting.py` waits for it, `progress.py` shows it; `output.py` renders data; `errors.py` has the exit codes.
"""
