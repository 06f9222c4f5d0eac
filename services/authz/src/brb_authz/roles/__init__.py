"""Role templates: the built-in ones and custom ones."""
