"""SAE J2735 at the roadside: SPaT and MAP out, signal requests in, their status out, and the text that an RSU forwards.

``groups`` says which movements share a signal group and what may be claimed of it; it knows nothing of any message.
``frame`` is the codec; ``spat``, ``map_message`` and ``priority`` translate to and from it; ``rsu`` wraps a message for
a roadside unit. The modules of ISO/TS 19091 that ETSI publishes are those of J2735 2016 bit for bit; SAE's own are not
used. What vehicles send is not believed: it becomes values (``signals.priority``) that command nothing.
"""
