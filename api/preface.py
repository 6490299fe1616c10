"""What an app developer has to know before the first call: the opening of the document."""

PREFACE = """\
The backend of a neighbourhood-help app: residents ask for help, volunteers nearby are asked and say yes or no, and \
whoever says yes gets the address.

**Start** with `signUp` or `signIn`. Send the access token as `Authorization: Bearer …`, and exchange the refresh \
token with `refreshSession` when an answer is 401 `unauthenticated`.

**The main job, in order.** A volunteer: `signUp`, `createOffer`, `putDevice`, `putPreferences`. A resident: \
`signUp`, `createRequest`. The volunteer: `listInvitations` (or `listRequests`), `acceptRequest`, `getContact`, \
`finishRequest`. The resident: `listViews` says who looked at the address. Coordinators are appointed by the \
operator.

**Whom a request asks.** Volunteers with an unpaused offer in reach that has the category, whose `availability` fits \
and whose preferences allow it now (quiet hours, pause, `pushes_per_day`, `asks_per_week`), a few at a time: two in \
a wave, five where it is urgent, until enough have said yes. Near and seldom asked come first. Whoever was not asked \
finds the request in `listRequests` and may accept it just the same.

**Values.** Identifiers are UUIDs. Times are RFC 3339: any offset is taken, and answers are in UTC, ending with `Z`. \
Wall-clock times (`"22:00"`) are those of the quarter. Places are degrees (WGS 84), money is integer cents, a \
`quarter` is its slug, languages are BCP 47 tags. A value of another JSON type is refused, never converted, and so \
are unknown fields and parameters, with 422.

**Growing.** Answers get new fields, and fields of an answer get new values, without a new version: ignore what you \
do not know.

**Errors** are RFC 9457 problems, always the schema `Problem`. Decide by `code`, which is stable; show `title` and \
`detail`, which are in the reader's language (`Accept-Language`, else the person's own, else German). With 422, \
`errors` says field by field what is wrong. Report `trace_id` when something is our fault. What cannot be read as \
HTTP at all, such as an address of more than 4,000 characters, is refused with 400, 414, 431 or 501 before it \
reaches any operation; so these stand at none, and neither does 405 `method_not_allowed`. `Problem` lists the codes \
of them all.

**Lists** answer `items` and `next`. Send `next` as `?after=` for the following page, until it is null.

**Trying again.** A POST that lists an `Idempotency-Key` takes a new one for each action, the same one for each try \
of it. Those that hand out secrets (sign-in, second factor, contact) list none: there simply try again, and after a \
lost answer of `signUp`, when the next try says `login_taken`, `signIn`. With 503 and 429, wait as long as \
`Retry-After` says.

**Changing what others may have changed.** Single resources carry an `ETag`. Send it back as `If-None-Match` to hear \
304 when nothing is new, and as `If-Match` with every PATCH: 412 says that you have to read again. It belongs to you \
and to the language: send it as it came, quotes included, with the same `Accept-Language`; `*` overwrites whatever \
is there. Actions such as `finishRequest` answer without one.
"""
