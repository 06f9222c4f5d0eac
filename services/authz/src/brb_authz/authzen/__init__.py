"""OpenID AuthZEN Authorization API 1.0: the same decisions in the words of a standard."""
