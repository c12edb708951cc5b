import CareSyncTesting
import Foundation
import HTTPTypes
import WebAPI

/// Who gets what on which route: `authorization-matrix.tsv`, a line per route, a column per kind of caller.
///
/// Everyone asks about the same planted people and records (``MatrixRecords``), with requests that are right except for
/// the caller.
struct AuthorizationMatrix {
    enum Caller: String, CaseIterable {
        case anonymous
        /// The patient the records are about.
        case owner
        case otherPatient
        /// Has an appointment with the owner; the doctor the records name.
        case treatingDoctor
        case otherDoctor
        /// Not verified, and a stranger.
        case unverifiedDoctor
        case admin
        /// Has an open grant for the owner.
        case breakGlassAdmin
        /// As the other doctor, with a grant for the owner.
        case breakGlassDoctor
        /// Treats the owner, and was deactivated since its token was made.
        case deactivated
        /// A session of the owner's that was ended since its token was made.
        case revoked

        /// To these a refusal tells nothing, not even whether there is what the route names.
        var isStranger: Bool {
            switch self {
            case .owner, .treatingDoctor: false
            default: true
            }
        }
    }

    enum Outcome: String {
        case unauthenticated = "401"
        case forbidden = "403"
        /// For strangers the record is as unknown as one that does not exist.
        case unknown = "404"
        /// Allowed to ask, but the record is not in a state for it, or another step has to come first.
        case refusedForNow = "409"
        /// Done, or where the route names no record: past every gate, whatever the body then lacked.
        case admitted = "ok"

        var isRefusal: Bool { self == .unauthenticated || self == .forbidden || self == .unknown }

        /// `nil` when the request was wrong in itself, so that the answer says nothing of permission.
        init?(status: Int, namesRecord: Bool) {
            // With 424 the caller was let through; here is no payment service to ask.
            if (200..<300).contains(status) || status == 424 {
                self = .admitted
            } else if let known = Self(rawValue: String(status)) {
                self = known
            } else if !namesRecord, status < 500 {
                self = .admitted
            } else {
                return nil
            }
        }
    }

    struct Mistake: Error, CustomStringConvertible {
        let description: String
    }

    typealias Line = [Caller: Outcome]

    /// By route, such as `PUT /api/doctors/{id}`.
    let lines: [String: Line]

    private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("authorization-matrix.tsv")

    /// Set this to rewrite the table from the system's answers, and read the difference before committing it.
    static let rewriteVariable = "CARESYNC_TEST_WRITE_MATRIX"

    static func committed() throws -> AuthorizationMatrix {
        var lines: [String: Line] = [:]
        for text in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") where !text.hasPrefix("#") {
            let fields = text.split(separator: "\t").map(String.init)
            let outcomes = fields.dropFirst(2).compactMap(Outcome.init(rawValue:))
            guard outcomes.count == Caller.allCases.count, fields.count == outcomes.count + 2 else {
                throw Mistake(
                    description: "Not a line of the matrix: \(text). Let \(rewriteVariable)=1 rewrite it.")
            }
            let route = "\(fields[0]) \(fields[1])"
            let line = Dictionary(uniqueKeysWithValues: zip(Caller.allCases, outcomes))
            guard lines.updateValue(line, forKey: route) == nil else {
                throw Mistake(description: "Twice in the matrix: \(route)")
            }
        }
        return AuthorizationMatrix(lines: lines)
    }

    /// The table as it is committed: by path, then method.
    func write() throws {
        let callers = Caller.allCases.map(\.rawValue).joined(separator: "\t")
        let rows = lines.map { route, line in
            let parts = route.split(separator: " ").map(String.init)
            let outcomes = Caller.allCases.map { line[$0]?.rawValue ?? "?" }
            return (path: parts[1], method: parts[0], text: (parts + outcomes).joined(separator: "\t"))
        }
        let text =
            ["# method\tpath\t" + callers]
            + rows.sorted { ($0.path, $0.method) < ($1.path, $1.method) }.map(\.text)
        try Data((text.joined(separator: "\n") + "\n").utf8).write(to: Self.file)
    }

    /// A line as a reader compares it.
    static func text(_ line: Line?) -> String {
        Caller.allCases.map { "\($0): \(line?[$0]?.rawValue ?? "?")" }.joined(separator: ", ")
    }

    /// A path that fits the template: nobody's ids and names, so that what lies behind the gate is never reached.
    static func samplePath(_ template: String) -> String {
        template.split(separator: "/", omittingEmptySubsequences: false).map { part in
            guard part.hasPrefix("{") else { return String(part) }
            let name = part.dropFirst().dropLast()
            return words[String(name)] ?? MatrixRecords.nobodysValues[String(name)] ?? MatrixRecords.nobodysID
        }.joined(separator: "/")
    }

    /// Path parameters that name neither a record nor a person.
    static let words = [
        "specialization": "Cardiology", "type": "specializations", "date": "2026-03-11", "status": "BOOKED",
        "illnessKeyword": "xylophone",
        "documentType": "LAB_REPORT",
    ]
}
