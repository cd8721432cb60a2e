"""The networks. Read ``latte.py`` first: it names every part in the order in which a prompt meets them."""
