import CareSyncTesting
import Foundation
import HTTPTypes
import WebAPI

/// Who gets past the gate of which route: `authorization-matrix.tsv`, a line per route, a column per kind of caller.
struct AuthorizationMatrix {
    enum Caller: String, CaseIterable {
        case anonymous, patient, doctor, unverifiedDoctor, admin
        /// Strangers to the record or person that the route names, which exists; see ``MatrixRecords``.
        case otherPatient, otherDoctor

        static let byRole: [Caller] = [.anonymous, .patient, .doctor, .unverifiedDoctor, .admin]
        static let strangers: [Caller] = [.otherPatient, .otherDoctor]
    }

    enum Outcome: String {
        case unauthenticated = "401"
        case forbidden = "403"
        /// For strangers only: the record is as unknown to them as one that does not exist.
        case unknown = "404"
        case admitted = "ok"
        /// For strangers only: the route names no record.
        case nothingNamed = "-"

        /// What a caller gets whose request names nothing that exists: 401, 403, or else past the gate.
        init(gate status: Int) {
            self = status == 401 ? .unauthenticated : status == 403 ? .forbidden : .admitted
        }

        /// What a stranger gets whose request is right in every other way; `nil` when it was not.
        init?(stranger status: Int) {
            if (200..<300).contains(status) {
                self = .admitted
            } else {
                self.init(rawValue: String(status))
            }
        }
    }

    struct Mistake: Error, CustomStringConvertible {
        let description: String
    }

    /// By route, such as `PUT /api/doctors/{id}`.
    let lines: [String: [Caller: Outcome]]

    static func committed() throws -> AuthorizationMatrix {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("authorization-matrix.tsv")
        var lines: [String: [Caller: Outcome]] = [:]
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") where !line.hasPrefix("#") {
            let fields = line.split(separator: "\t").map(String.init)
            let outcomes = fields.dropFirst(2).compactMap(Outcome.init(rawValue:))
            guard outcomes.count == Caller.allCases.count, fields.count == outcomes.count + 2 else {
                throw Mistake(description: "Not a line of the matrix: \(line)")
            }
            let route = "\(fields[0]) \(fields[1])"
            let line = Dictionary(uniqueKeysWithValues: zip(Caller.allCases, outcomes))
            guard lines.updateValue(line, forKey: route) == nil else {
                throw Mistake(description: "Twice in the matrix: \(route)")
            }
        }
        return AuthorizationMatrix(lines: lines)
    }

    /// Some columns of a line, as they stand in the file.
    static func text(_ outcomes: [Caller: Outcome]?, _ columns: [Caller]) -> String {
        columns.map { "\($0): \(outcomes?[$0]?.rawValue ?? "?")" }.joined(separator: ", ")
    }

    /// A path that fits the template: nobody's ids and names, so that what lies behind the gate is never reached.
    static func samplePath(_ template: String) -> String {
        template.split(separator: "/", omittingEmptySubsequences: false).map { part in
            guard part.hasPrefix("{") else { return String(part) }
            let name = part.dropFirst().dropLast()
            return words[String(name)] ?? MatrixRecords.nobody.values[String(name)] ?? MatrixRecords.nobodysID
        }.joined(separator: "/")
    }

    /// Path parameters that name neither a record nor a person.
    static let words = [
        "specialization": "Cardiology", "type": "specializations", "date": "2026-03-11", "status": "BOOKED",
    ]
}
