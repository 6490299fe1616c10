"""Sends pushes through Firebase, one POST per attempt; the only package that knows firebase_admin."""

from nachbarschaft.firebase.account import FirebaseMisconfigured
from nachbarschaft.firebase.gateway import FirebaseGateway

__all__ = ["FirebaseGateway", "FirebaseMisconfigured"]
