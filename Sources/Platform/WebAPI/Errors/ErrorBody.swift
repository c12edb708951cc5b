import CareSyncCore
import JSONCoding

/// The one body of every failure (rules/errors 1). `error` and `message` carry the same text, because half of the
/// published client reads one and half the other.
struct ErrorBody: Encodable {
    private let problem: Problem
    private let path: String
    private let requestID: String
    private let at: Instant

    init(_ problem: Problem, path: String, requestID: String, at: Instant) {
        self.problem = problem
        self.path = path
        self.requestID = requestID
        self.at = at
    }

    /// The code in a body that was made here before.
    static func code(in body: [UInt8]) -> String? {
        struct Coded: Decodable { let code: String }
        return (try? JSONBodyDecoder.decode(Coded.self, from: body))?.code
    }

    func bytes() throws -> [UInt8] { try JSONBodyEncoder.encode(self) }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(problem.message, forKey: Key(stringValue: "error"))
        try container.encode(problem.message, forKey: Key(stringValue: "message"))
        try container.encode(problem.code, forKey: Key(stringValue: "code"))
        try container.encode(problem.kind.status, forKey: Key(stringValue: "status"))
        try container.encode(path, forKey: Key(stringValue: "path"))
        try container.encode(at.description, forKey: Key(stringValue: "timestamp"))
        try container.encode(requestID, forKey: Key(stringValue: "requestId"))
        try container.encode(problem.fieldErrors, forKey: Key(stringValue: "fieldErrors"))
        for (name, value) in problem.details.sorted(by: { $0.key < $1.key }) {
            try encode(value, name, into: &container)
        }
    }

    private func encode(
        _ value: some Encodable, _ name: String, into container: inout KeyedEncodingContainer<Key>
    ) throws {
        try container.encode(value, forKey: Key(stringValue: name))
    }
}

/// The error body as the document describes it.
struct ProblemBody: WireResponse, NamedResponse, Documented {
    let error: String
    let message: String
    let code: Code
    let status: Int
    let path: String
    let timestamp: Instant
    let requestId: String
    let fieldErrors: [FieldError]

    static let schemaName = "Problem"

    static let notes: [String: FieldNote] = [
        "error": "The same sentence as `message`.",
        "message": "One sentence for a person.",
        "status": "The status of the response.",
        "path": "The path of the request.",
        "timestamp": "When the request arrived.",
        "requestId": "The request's name in the log; also the header `X-Request-Id`.",
        "fieldErrors": "The refused fields of the request; empty unless fields were refused.",
    ]

    /// One of the codes that the document lists.
    struct Code: Codable, Sendable, ComponentReference {
        static let componentName = "ProblemCode"
        static let sample = Code()
    }
}
