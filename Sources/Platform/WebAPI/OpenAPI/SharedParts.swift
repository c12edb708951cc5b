import CareSyncCore

/// Headers and parameters that many operations share.
enum SharedParts {
    typealias Part = (name: String, value: JSONTree)

    static let always: [Part] = [
        (
            "X-Request-Id",
            header("The request's name, as in error bodies and in the log: the client's own, if it sent one.", "string")
        )
    ]

    static let limits: [Part] = [
        (
            "RateLimit",
            header(
                "What is left of each quota: `r` requests; `t` seconds until it is whole again, or until the next request.",
                "string")
        ),
        ("RateLimit-Policy", header("The quotas the request drew on: `q` requests in `w` seconds.", "string")),
    ]

    static let retryAfter: Part = ("Retry-After", header("Seconds to wait before trying again.", "integer"))
    static let authenticate: Part = ("WWW-Authenticate", header("Always `Bearer`.", "string"))
    static let etag = header("Names this version of the response.", "string")
    static let recordedAt = header(
        "When it was last recorded, on the clinic's clock; missing when nobody has recorded it.", "string")

    static let list: [Part] = [
        ("X-Total-Count", header("Rows of the whole list; only when page or size was given.", "integer")),
        ("X-Truncated", header("`true` when a list without paging was cut at 500 rows; otherwise missing.", "boolean")),
    ]

    static let idempotencyKey = JSONTree.members([
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "The same key and body get the same response and take effect once, for 48 hours.",
        "schema": .members(["type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"]),
    ])

    static let ifNoneMatch = JSONTree.members([
        "name": "If-None-Match", "in": "header", "required": false,
        "description": "The ETag of a response the client has: 304 when it is still the same.",
        "schema": .members(["type": "string"]),
    ])

    static let ifMatch = JSONTree.members([
        "name": "If-Match", "in": "header", "required": false,
        "description": "The ETag of what is changed: 412 when it has changed since.",
        "schema": .members(["type": "string"]),
    ])

    static let page = paging(
        "page", "Which page, counted from 0. Without page and size the list is whole, cut at 500 rows.",
        default: 0, PageRequest.maximumPage, minimum: 0)
    static let size = paging(
        "size", "Rows of a page.", default: Int64(PageRequest.standardSize), PageRequest.maximumSize, minimum: 1)

    private static func paging(
        _ name: String, _ text: String, default standard: Int64, _ maximum: Int, minimum: Int64
    ) -> JSONTree {
        .members([
            "name": .string(name), "in": "query", "required": false, "description": .string(text),
            "schema": .members([
                "type": "integer", "format": "int64", "minimum": .integer(minimum),
                "maximum": .integer(Int64(maximum)), "default": .integer(standard),
            ]),
        ])
    }

    private static func header(_ text: String, _ type: String) -> JSONTree {
        .members(["description": .string(text), "schema": .members(["type": .string(type)])])
    }
}
