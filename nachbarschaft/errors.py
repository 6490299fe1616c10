"""What can go wrong in the domain: each error has a stable code, a title and a sentence that says what to do.

The doors turn these into answers (`api.problems`) or exit codes; nothing here knows about HTTP.
"""

from collections.abc import Mapping, Sequence

from nachbarschaft.words import mark as _


class DomainError(Exception):
    """The base of all refusals. `keeps` says that what was written before the refusal is to be committed."""

    code = "invalid"
    title = _("This is not possible.")
    detail = _("Please check what you sent.")
    keeps = False

    def __init__(self, detail: str | None = None, **params: object) -> None:
        self.detail_text = detail or self.detail
        self.params = params
        super().__init__(self.code)


class Unauthenticated(DomainError):
    code = "unauthenticated"
    title = _("You are not signed in.")
    detail = _("Please sign in and try again.")


class WrongCredentials(Unauthenticated):
    code = "wrong_credentials"
    title = _("Sign-in failed.")
    detail = _("The login or the password is not right. Please try again or ask for a new code.")


class WrongCode(Unauthenticated):
    code = "wrong_code"
    title = _("The code is not valid.")
    detail = _("The code is wrong, was used already or is too old. Please ask for a new one.")


class SecondFactorNeeded(Unauthenticated):
    code = "second_factor_needed"
    title = _("Your second factor is missing.")
    detail = _("Please send the six digits of your authenticator app, or a recovery code, as “otp”.")


class RefreshReused(Unauthenticated):
    """A refresh token that was replaced long ago came back: somebody may have stolen it, so the family ends."""

    title = _("Please sign in again.")
    detail = _("This sign-in has ended for your safety. Please sign in again.")
    keeps = True


class NotFound(DomainError):
    code = "not_found"
    title = _("Not found.")
    detail = _("There is nothing here, or it is not for you to see.")


class OutsideAllQuarters(NotFound):
    code = "outside_all_quarters"
    title = _("No quarter here.")
    detail = _("This place lies in none of the quarters that take part.")


class Forbidden(DomainError):
    code = "forbidden"
    title = _("This is not for you to do.")
    detail = _("You may see this, but you may not do this.")


class NotEligible(Forbidden):
    code = "not_eligible"
    title = _("You cannot take this task.")
    detail = _("None of your offers fits this task, or it needs a verification that you do not have yet.")


class NotAssigned(Forbidden):
    code = "not_assigned"
    title = _("You do not have this task.")
    detail = _("Only whoever has the task can do this, and only until a day after it is done.")


class AskCoordinator(Forbidden):
    code = "ask_coordinator"
    title = _("Please ask the coordinator.")
    detail = _("The coordinator of the quarter arranges this visit. Please call them.")


class AwaitingConfirmation(Forbidden):
    code = "awaiting_confirmation"
    title = _("Your first tasks are confirmed by the coordinator.")
    detail = _("The coordinator sees that you are waiting. You get the contact as soon as they have said yes.")


class SecondFactorRequired(Forbidden):
    code = "second_factor_required"
    title = _("This needs a second factor.")
    detail = _("Please set up an authenticator app, or sign in with it, before you coordinate.")


class WrongOtp(Forbidden):
    code = "wrong_otp"
    title = _("These digits are not right.")
    detail = _("Please look at your authenticator app again. Each number works once, and only for a short time.")
    keeps = True


class SignInAgain(Forbidden):
    code = "sign_in_again"
    title = _("Please sign in again.")
    detail = _("To change this, please sign in again first. That protects your address and your login.")


class WrongPassword(Forbidden):
    code = "wrong_password"
    title = _("The old password is not right.")
    detail = _("Please enter the password that you sign in with now.")


class Conflict(DomainError):
    code = "conflict"
    title = _("This does not fit any more.")
    detail = _("Things have changed in the meantime. Please load it again.")


class LoginTaken(Conflict):
    code = "login_taken"
    title = _("This e-mail address is taken.")
    detail = _("There is an account with this e-mail address already. Please sign in.")


class AlreadyAccepted(Conflict):
    code = "already_accepted"
    title = _("You have this task already.")
    detail = _("You said yes to this task before.")


class AlreadyFilled(Conflict):
    code = "already_filled"
    title = _("Somebody else was faster.")
    detail = _("All helpers for this task are found. Thank you for wanting to help!")


class LateYes(AlreadyFilled):
    """Who was asked says yes when everybody is found: it is kept that they did."""

    detail = _("Thank you for your yes! All helpers for this task are found. We remember that you would have come.")
    keeps = True


class NotOpen(Conflict):
    code = "not_open"
    title = _("This task is over.")
    detail = _("The request is done, called off or has run out.")


class TooManyOpenTasks(Conflict):
    code = "too_many_open_tasks"
    title = _("You have enough to do.")
    detail = _("You have {limit} tasks at the moment. Please finish one or give one back first.")


class TooManyOpenRequests(Conflict):
    code = "too_many_open_requests"
    title = _("You have enough open requests.")
    detail = _("You have {limit} open requests. Please wait until one is settled, or call one off.")


class TooLate(Conflict):
    code = "too_late"
    title = _("It is too late to take this back.")
    detail = _("This could be taken back for ten minutes.")


class RateLimited(DomainError):
    """Too much at once; `retry_after` says in how many seconds the next try may come."""

    code = "rate_limited"
    title = _("That was too much at once.")
    detail = _("Please try again in {retry_after} seconds.")

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after=retry_after)
        self.retry_after = retry_after


class Stale(DomainError):
    code = "stale"
    title = _("This was changed in the meantime.")
    detail = _("Please load it again, and then make your change.")


class PreconditionRequired(DomainError):
    code = "precondition_required"
    title = _("The version is missing.")
    detail = _("Please send the ETag that you read, in the header If-Match.")


class Invalid(DomainError):
    """What was sent cannot be used; `errors` says field by field why (message ids, not yet translated)."""

    code = "invalid"
    title = _("Please check what you entered.")
    detail = _("Some fields are missing or not right. They are listed in “errors”.")

    def __init__(self, errors: Mapping[str, Sequence[str]], detail: str | None = None, **params: object) -> None:
        super().__init__(detail, **params)
        self.errors = {field: list(messages) for field, messages in errors.items()}


class OutsideQuarter(Invalid):
    code = "outside_quarter"
    title = _("This place is outside your quarter.")
    detail = _("Please choose a place inside your quarter.")


class AdultRequired(Invalid):
    code = "adult_required"
    title = _("Volunteers must be adults.")
    detail = _(
        "Please confirm that you are an adult. With 16 or 17 years, a parent's consent has to be recorded first."
    )


class KeyInUse(Conflict):
    code = "idempotency_key_in_use"
    title = _("This is being done already.")
    detail = _("Your first try is still running. Please try again in a moment, with the same key.")


class KeyReused(Invalid):
    code = "idempotency_key_reused"
    title = _("This key was used for something else.")
    detail = _("Please choose a new Idempotency-Key for every new action.")


class Malformed(DomainError):
    code = "malformed"
    title = _("This could not be read.")
    detail = _("The body is not valid JSON.")


class TooLarge(DomainError):
    code = "too_large"
    title = _("This is too much at once.")
    detail = _("Please send less than {limit} bytes.")


class UnsupportedMediaType(DomainError):
    code = "unsupported_media_type"
    title = _("This kind of content is not supported.")
    detail = _("Please send JSON, with the header Content-Type: application/json.")
