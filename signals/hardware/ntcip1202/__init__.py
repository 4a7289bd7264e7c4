"""NTCIP 1202: signal controllers that speak SNMP (versions 02 and 03 of the standard; SNMPv1 and v2c on the wire)."""
