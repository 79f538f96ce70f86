"""The owner and his page: password, sessions, certificate. Pure.

The page is served by a process of its own (net/owner_page.py), which runs only while
somebody uses it: what TVs talk to holds no password, no session and no TLS.
"""
