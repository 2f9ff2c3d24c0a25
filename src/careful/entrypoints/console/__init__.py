"""The staff console: pages rendered on the server, behind a session, under a strict shell.

`app` joins everything; `security`, `sessions` and `forms` are the shell every request passes; `signin`, `enrol` and
`access` are the pages of getting in; `pages` holds the rest, one file per page. Only passkeys need scripts.
"""
