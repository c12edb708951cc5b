import CareSyncTesting
import Foundation
import HTTPTypes
import WebAPI

/// Who gets past the gate of which route: `authorization-matrix.tsv`, a line per route, a column per kind of caller.
struct AuthorizationMatrix {
    enum Caller: String, CaseIterable {
        case anonymous, patient, doctor, unverifiedDoctor, admin
    }

    /// What a caller gets: 401, 403, or anything else, which is `ok` here whatever else is wrong with the request.
    enum Outcome: String {
        case unauthenticated = "401"
        case forbidden = "403"
        case admitted = "ok"

        init(status: Int) {
            self = status == 401 ? .unauthenticated : status == 403 ? .forbidden : .admitted
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

    /// The line as it would stand in the file.
    static func line(_ endpoint: Endpoint, _ outcomes: [Caller: Outcome]) -> String {
        ([endpoint.method.rawValue, endpoint.path] + Caller.allCases.map { outcomes[$0]?.rawValue ?? "?" })
            .joined(separator: "\t")
    }

    /// A path that fits the template: nobody's ids and names, so that what lies behind the gate is never reached.
    static func samplePath(_ template: String) -> String {
        template.split(separator: "/", omittingEmptySubsequences: false).map { part in
            guard part.hasPrefix("{") else { return String(part) }
            let name = part.dropFirst().dropLast()
            return samples[String(name)] ?? "9007199254740991"
        }.joined(separator: "/")
    }

    private static let samples = [
        "username": "nobody-of-this-name", "specialization": "Cardiology", "type": "specializations",
        "date": "2026-03-11", "status": "BOOKED", "email": "nobody@example.org",
    ]
}
