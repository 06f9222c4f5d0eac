"""The sandbox's OpenStack: everything that runs in its one container.

`bake` makes the image's initial state, `start` is the container's main program and ends as `supervisor`.
Nova's and cinder's drivers are packages of their own beside this one (`brb_machine`, `brb_loopfile`).
"""
