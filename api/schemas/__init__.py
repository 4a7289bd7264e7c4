"""What goes over the wire: replies, queries and bodies."""
