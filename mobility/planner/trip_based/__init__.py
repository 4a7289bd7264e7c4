"""Trip-based routing: transfers between vehicles computed beforehand, and searches that only follow them."""
