"""Decoders of what others publish: documents in, domain records and notices out, without network or clock."""
