"""The Careful agent for Linux devices.

It gives the device an identity of its own (a key that never leaves it, a certificate over EST), sends readings over
MQTT, and keeps its software current: it asks over hawkBit DDI, believes only TUF metadata, installs into the slot that
is not in use, proves the new one healthy, and goes back when it is not.

Read in this order: `model` (the words), `loop` (what to do next; pure), `trust` (what may be installed; pure),
`agent` (the hand that does it), then whatever that hand holds: `identity`, `https`, `est`, `ddi`, `genuine`, `slots`,
`mqtt`, `backlog`.
"""

__version__ = "0.1.0"
