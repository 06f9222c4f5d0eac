"""Builds the sandbox's artifact mirror: compiles releases from Go modules, assembles images, lays out both.

The flow, each step in the module of its name: `catalog` says what is built from what, `toolchain` finds Go, `compile`
builds one module, `layers` and `images` make container images, `registry` takes them in, `files` lays out the
downloads, `manifests` renders what is applied to clusters, `tree` puts it all into one folder, and `server_image` makes
the image of the program that serves it. `verify` checks a running mirror.
"""
