"""A browser of the owner: cookies, forms, and a certificate that nobody has signed."""

import contextlib
import hashlib
import http.client
import re
import ssl
from urllib.parse import urlencode

from support.netns import Host

OWNER_PORT = 8220


class OwnerBrowser:
    """Asks the owner's page of the host at an address, from a host.

    fingerprint: of the certificate that it saw last (SHA-256, as hexadecimal pairs).
    """

    def __init__(self, host: Host, address: str, *, is_secure: bool = True) -> None:
        self._host, self._address, self._is_secure = host, address, is_secure
        self._cookie = ""
        self.fingerprint = ""

    def get(self, path: str = "/") -> tuple[int, str]:
        """Return (status, page)."""
        return self._request("GET", path, None)

    def post(self, path: str, **fields: str) -> tuple[int, str]:
        """Send a form as a page of the site would, and return what comes of it."""
        status, page = self._request("POST", path, fields)
        return self.get("/") if status == 303 else (status, page)

    def enter(self, password: str) -> int:
        """Try a password; return the status of the page that follows."""
        return self.post("/login", password=password)[0]

    def form_token(self) -> str:
        """Return what the forms of this session carry."""
        found = re.search('name="form" value="([^"]+)"', self.get()[1])
        return found[1] if found else ""

    def _request(
        self, method: str, path: str, fields: dict[str, str] | None
    ) -> tuple[int, str]:
        headers = {"Cookie": self._cookie} if self._cookie else {}
        body = None
        if fields is not None:
            body = urlencode(fields)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            scheme = "https" if self._is_secure else "http"
            headers["Origin"] = f"{scheme}://{self._address}:{OWNER_PORT}"
        with (
            self._host.entered(),
            contextlib.closing(self._connection()) as connection,
        ):
            connection.request(method, path, body, headers)
            if isinstance(connection.sock, ssl.SSLSocket):
                seen = connection.sock.getpeercert(binary_form=True) or b""
                self.fingerprint = hashlib.sha256(seen).hexdigest().upper()
            answer = connection.getresponse()
            if cookie := answer.getheader("Set-Cookie"):
                self._cookie = cookie.partition(";")[0]
            return answer.status, answer.read().decode()

    def _connection(self) -> http.client.HTTPConnection:
        if not self._is_secure:
            return http.client.HTTPConnection(self._address, OWNER_PORT, timeout=20)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(
            self._address, OWNER_PORT, timeout=20, context=context
        )
