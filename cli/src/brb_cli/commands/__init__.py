"""One module per noun; `app.py` names what is in them."""
