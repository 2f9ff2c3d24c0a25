"""The demo: a make-believe maker, driven from outside by real clients.

`command` starts the real system, `story` tells the main job step by step over the API, `fleet` runs the devices,
`firmware` builds what they run, `mailbox` takes the mail. All state is in one folder: run it again and it goes on.
"""
