"""What devices reach over MQTT 3.1.1 and mutual TLS: one connection each, its own topics and nobody else's.

    codec, packets    bytes <-> packets
    permission        what a certificate and a declaration let a device say and hear
    session           the protocol as a pure machine: events in, commands out
    connection        one TLS connection that feeds a session and does what it commands
    gateway           what connections share: who is connected, the inbox, the mailbox, cuts, counts
    server            listening, limits, starting and stopping

A PUBACK means that the message is on disk. Nothing is ever passed from one device to another.
"""
