"""Hardware in the loop: SUMO's streets, cabinets behind drivers and real sockets, our controllers between them."""
