"""The push in Google's words, for phones of each kind."""

from datetime import timedelta
from typing import Any, Final

from firebase_admin import messaging

from nachbarschaft.push import AddressKind, PushMessage

MAX_TTL_SECONDS: Final = 2_419_200  # four weeks; FCM refuses more (its docs, "Set the lifespan of a message")


def fcm_message(message: PushMessage) -> Any:
    """The push in Google's words. Raises ValueError where the SDK refuses it."""
    made = messaging.Message(
        data=message.data,
        notification=messaging.Notification(title=message.title, body=message.body),
        android=_android(message),
        apns=_apns(message),
        webpush=_webpush(message),
    )
    # Set afterwards: the constructor warns about `token`, which browsers and older apps still have.
    setattr(made, _ADDRESS_FIELD[message.address_kind], message.address)
    str(made)  # the SDK checks a message only while encoding it
    return made


_ADDRESS_FIELD: Final = {AddressKind.TOKEN: "token", AddressKind.FID: "fid"}


def _is_high(message: PushMessage) -> bool:
    # Android demotes apps that send "high" without anything to see or hear.
    return message.urgent and not message.silent


def _lifetime_seconds(message: PushMessage) -> int:
    return min(message.ttl_seconds, MAX_TTL_SECONDS)


def _android(message: PushMessage) -> Any:
    return messaging.AndroidConfig(
        collapse_key=message.collapse_key,
        priority="high" if _is_high(message) else "normal",
        ttl=timedelta(seconds=_lifetime_seconds(message)),
        notification=messaging.AndroidNotification(
            tag=message.collapse_key,
            channel_id="silent" if message.silent else "messages",
            priority="min" if message.silent else "high" if message.urgent else "default",
            default_sound=not message.silent,
            default_vibrate_timings=not message.silent,
        ),
    )


def _apns(message: PushMessage) -> Any:
    level = "passive" if message.silent else "active"
    sound = None if message.silent else "default"
    return messaging.APNSConfig(
        headers={
            "apns-collapse-id": message.collapse_key,
            "apns-expiration": str(message.expires_at_epoch),
            "apns-priority": "10" if _is_high(message) else "5",
            "apns-push-type": "alert",
        },
        payload=messaging.APNSPayload(messaging.Aps(sound=sound, custom_data={"interruption-level": level})),
    )


def _webpush(message: PushMessage) -> Any:
    urgency = "very-low" if message.silent else "high" if message.urgent else "normal"
    return messaging.WebpushConfig(
        headers={"TTL": str(_lifetime_seconds(message)), "Urgency": urgency},
        notification=messaging.WebpushNotification(
            tag=message.collapse_key, silent=message.silent, renotify=not message.silent
        ),
    )
