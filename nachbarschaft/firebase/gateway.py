"""Firebase as a way to phones. The SDK does the work; its transport is ours."""

import uuid
from pathlib import Path
from typing import Any, Final

import firebase_admin
from firebase_admin import exceptions, messaging
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.auth.transport.requests import AuthorizedSession

from nachbarschaft.firebase.account import FirebaseMisconfigured, load_certificate
from nachbarschaft.firebase.answer import result_of
from nachbarschaft.firebase.message import fcm_message
from nachbarschaft.firebase.transport import one_post_session
from nachbarschaft.push import PushMessage
from nachbarschaft.sending import Outcome, SendResult, Trouble

_GOOGLE: Final = "https://fcm.googleapis.com"


class FirebaseGateway:
    """One Firebase app with a connection pool of its own. `send` is safe to call from several threads."""

    name = "firebase"

    def __init__(self, credentials_path: Path, *, fcm_url: str, pool_size: int, timeout_seconds: float = 10.0) -> None:
        """Loads the service account at `credentials_path` and aims at `fcm_url`; nothing is sent yet.

        `timeout_seconds` bounds connecting and the whole answer, each on its own; Google asks for at least
        ten (firebase.google.com/docs/cloud-messaging/scale-fcm). Raises FirebaseMisconfigured.
        """
        certificate, token_uri = load_certificate(credentials_path)
        self._session = one_post_session(certificate.get_credential(), token_uri, pool_size)
        options = {"httpTimeout": timeout_seconds, "projectId": certificate.project_id}
        self._app = firebase_admin.initialize_app(certificate, options, name=f"nachbarschaft-{uuid.uuid4()}")
        self._closed = False
        try:
            _rewire(self._app, self._session, fcm_url)
        except FirebaseMisconfigured:
            self.close()
            raise

    def send(self, message: PushMessage) -> SendResult:
        """Makes one attempt: one POST, or two where Google asks for a fresh token (401)."""
        try:
            ready = fcm_message(message)
        except ValueError:
            return SendResult(Outcome.REFUSED, "invalid_payload")
        try:
            message_id: str = messaging.send(ready, app=self._app)
        except exceptions.FirebaseError as error:
            return result_of(error)
        except RefreshError:
            return SendResult(Outcome.RETRY, "token_refused", trouble=Trouble.DOWN)
        except GoogleAuthError:
            return SendResult(Outcome.RETRY, "token_endpoint", trouble=Trouble.DOWN)
        except OSError:  # requests raises it bare when the machine's CA bundle is missing
            return SendResult(Outcome.RETRY, "unreachable", trouble=Trouble.DOWN)
        return SendResult(Outcome.SENT, "sent", message_id=message_id)

    def close(self) -> None:
        """Closes the connections and forgets the app; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        firebase_admin.delete_app(self._app)
        self._session.close()  # type: ignore[no-untyped-call]  # google-auth's method has no types


def _rewire(app: Any, session: AuthorizedSession, fcm_url: str) -> None:
    """Gives the app's messaging service our session and our base address.

    The SDK has no setting for either, so this function uses three private names of firebase-admin 7.7.0. The
    service's own address is looked at first: an SDK that builds it differently is refused, not guessed at.
    """
    try:
        service = messaging._get_messaging_service(app)
        google_url, google_session = service._fcm_url, service._client._session
    except AttributeError as error:
        raise FirebaseMisconfigured("This firebase-admin is not built like 7.7.0.") from error
    if not google_url.startswith(f"{_GOOGLE}/v1/projects/"):
        raise FirebaseMisconfigured("This firebase-admin sends to another address than 7.7.0 does.")
    google_session.close()
    service._client._session = session
    service._fcm_url = fcm_url.rstrip("/") + google_url.removeprefix(_GOOGLE)
