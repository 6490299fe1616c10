"""What an app developer has to know before the first call: the opening of the document."""

PREFACE = """\
The backend of a neighbourhood-help app: residents ask for help, volunteers nearby are asked and say yes or no, and \
whoever says yes gets the address.

**Start** with `signUp` or `signIn`. Send the access token as `Authorization: Bearer …`, and exchange the refresh \
token with `refreshSession` when an answer is 401 `unauthenticated`.

**Values.** Identifiers are UUIDs. Times are RFC 3339 in UTC, ending with `Z`. Wall-clock times (`"22:00"`) are \
those of the quarter. Places are degrees (WGS 84), money is integer cents, a `quarter` is its slug, languages are \
BCP 47 tags. Nothing that is sent is converted, and unknown fields and parameters are refused with 422.

**Growing.** Answers get new fields, and fields of an answer get new values, without a new version: ignore what you \
do not know.

**Errors** are RFC 9457 problems, always the schema `Problem`. Decide by `code`, which is stable; show `title` and \
`detail`, which are in the reader's language (`Accept-Language`, else the person's own, else German). With 422, \
`errors` says field by field what is wrong. Report `trace_id` when something is our fault. What cannot be read as HTTP \
at all, such as an address of more than 4,000 characters, is refused with 400, 414, 431 or 501 before it reaches any \
operation; so these stand at none.

**Lists** answer `items` and `next`. Send `next` as `?after=` for the following page, until it is null.

**Trying again.** Every POST that creates or changes something takes an `Idempotency-Key`: a new one for each \
action, the same one for each try of it. With 503 and 429, wait as long as `Retry-After` says.

**Changing what others may have changed.** Single resources carry an `ETag`. Send it back as `If-None-Match` to hear \
304 when nothing is new, and as `If-Match` with every PATCH: 412 says that you have to read again.
"""
