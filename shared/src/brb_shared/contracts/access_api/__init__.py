"""What the access API takes and gives: authz validates with these models, and the gateway documents them.

One module for each domain; what only the platform's own services say to authz stays with authz.
"""
