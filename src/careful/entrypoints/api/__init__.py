"""The API: JSON over bearer tokens, described by OpenAPI, refused in problem+json (RFC 9457).

One router file per domain; each act names the scope it needs. Handlers are synchronous and run in the thread pool.
Cookies mean nothing here, so no page of anybody's can make a browser act on our behalf.
"""
