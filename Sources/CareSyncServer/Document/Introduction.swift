/// The first page of the document: what a client must know beyond single operations.
enum DocumentIntroduction {
    static let text = """
        CareSync runs a clinic: accounts, doctors and their hours, appointments, leave, and the log of who saw what.

        ## Signing in
        1. `POST /api/auth/register` or `POST /api/auth/login` gives an `accessToken` (15 minutes) and a `refreshToken`.
        2. Send `Authorization: Bearer <accessToken>` with every request that needs an account.
        3. On 401 `TOKEN_EXPIRED`, send the refresh token to `POST /api/auth/refresh` and repeat the request. Each refresh
           gives a new refresh token; the old one is good for ten more seconds, and using it later ends the session.
           Patients stay signed in for 30 days of disuse, doctors for 7, administrators for 12 hours; nobody beyond 90 days.
        4. `POST /api/auth/logout` with the refresh token ends the session.

        Registration needs a verified e-mail address where the clinic asks for it: `POST /api/auth/email-verification/start`,
        then `/verify`.

        ## Second factor
        Where an account has one, `login` answers 401 `SECOND_FACTOR_REQUIRED` with a `challengeToken` and the `methods` it
        takes. Send token and code to `POST /api/auth/second-factor/verify`. A recovery code works, too.
        An account that must have a second factor and has none can only enrol one (403 `SECOND_FACTOR_ENROLLMENT_REQUIRED`);
        one with a generated password can only change it (403 `PASSWORD_CHANGE_REQUIRED`).

        ## Step-up
        An operation with `x-step-up` needs proof from the last five minutes, else 403 `STEP_UP_REQUIRED`. A sign-in counts;
        otherwise call `POST /api/auth/step-up` and repeat. `ANY` takes password or code; `FACTOR` needs the code of the
        second factor wherever the account has one.

        ## Roles
        An account has one role: `PATIENT`, `DOCTOR` or `ADMIN`. `x-access` lists the roles an operation admits; `PUBLIC`
        needs no token, `ANY` any. Beyond that, patients reach their own data only, and doctors that of patients they treat.
        Doctors are verified by an administrator before they can be booked or see patients.

        ## Dates and times
        The clinic has one time zone, which responses name as `timeZone` (such as `Asia/Kolkata`). There are five forms:

        | form | example | meaning |
        |---|---|---|
        | date | `2026-03-02` | a day of the clinic's calendar |
        | time of day | `09:30` | the clinic's wall clock |
        | local date and time | `2026-03-02T09:30:00` | the clinic's wall clock, without an offset |
        | offset date and time | `2026-03-02T09:30:00+05:30` | an instant, in the clinic's offset of that day |
        | instant | `2026-03-02T04:00:00Z` | an instant in UTC |

        `createdAt` and its like in appointments are local times with a blank: `2026-03-02 09:30:00`. A request that names a
        date and time may use the local form, or `Z` or an offset, with or without its colon, which is converted. A `+` in a
        query is written `%2B`.

        ## Requests
        Bodies are JSON in UTF-8. Unknown fields are ignored; a missing field and `null` are the same unless a field says
        otherwise. Texts may not hold U+0000. A number for an integer is written without a fraction: `100001.0` is refused.
        An empty query value, as in `?state=`, counts as absent. Filters compare whole values in any case unless they say
        otherwise. `PUT` and `POST` whose values are all in path and query take no body, or `{}`.

        ## Errors
        Every failure has one body, `Problem`: `message` (and `error`, the same) for a person, `code` for a program,
        `fieldErrors` for the refused fields, `requestId` for questions. Each operation lists its codes by status; the
        table below lists them all. Treat a code you do not know by its status. 424 means that something this request needs
        is unavailable, such as mail; 503 that the server itself is, and `Retry-After` says when to try again.

        ## Idempotency
        Operations with `Idempotency-Key` take effect once for a key, account and route: repeat a request after a lost
        response with the same key and body, and you get the first response again, failures included, for 48 hours. The key
        with another body is 422; while the first is still being processed it is 409 `REQUEST_IN_PROGRESS`.

        ## Limits
        `RateLimit` and `RateLimit-Policy` tell what is left, for the account and for the address. Beyond it the answer is 429
        with `Retry-After`. Reads: 600 a minute for an account; changes: 120; sign-ins: 30; codes: 20. A refusal (403)
        costs ten. Too many wrong passwords lock an account for an address for a while (429 `ACCOUNT_LOCKED`).

        ## Lists
        A list is a bare array. `page` (from 0) and `size` (20, at most 100) ask for a part, and `X-Total-Count` tells the
        whole; without both the list is whole, cut at 500 rows with `X-Truncated: true`.

        ## Versions
        Fields, codes and values of enumerations may be added at any time. What is `deprecated` stays until the next major
        version.

        ## Codes
        """
}
