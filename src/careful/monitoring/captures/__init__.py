"""Recorded traffic, read as the windows that the running system makes: pcap, pcapng, Zeek's logs, flow tables.

Pure over bytes, with limits on all that a stranger's file could make large. A recording that is damaged gives what came
before the damage.
"""

from careful.monitoring.captures.limits import Damaged, Limits, NotRead
from careful.monitoring.captures.places import Devices
from careful.monitoring.captures.recording import Account, Recording

__all__ = ["Recording", "Account", "Devices", "Limits", "Damaged", "NotRead"]
