"""What devices reach over MQTT 3.1.1 or 5.0 and mutual TLS: one connection each, its own topics and nobody else's.

    codec, packets        bytes <-> packets; codec5, packets5, properties where MQTT 5 differs
    permission            what a certificate and a declaration let a device say and hear
    session               the protocol as a pure machine: events in, commands out; terms, upward, downward are its parts
    connection            one TLS connection that feeds a session and does what it commands
    gateway               what connections share: who is connected, inbox, cuts, counts; mail, wills, sealing, signals
    server                listening, limits, starting and stopping

A PUBACK means that the message is on disk. Nothing is ever passed from one device to another.
"""
