"""What devices reach over HTTPS: enrolment (EST), update polls (DDI), update metadata (TUF), revocations, notices.

One server on its own port. A client certificate is optional for TLS, because a device without one must be able to
enrol; each route says for itself whom it lets in, and asks the database at every request.
"""
