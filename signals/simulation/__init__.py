"""SUMO behind the ports; the only place that knows state strings, libsumo and traci."""
