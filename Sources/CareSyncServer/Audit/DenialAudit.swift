import AuditTrail
import CareSyncCore
import Persistence
import WebAPI

/// Puts what signed-in callers were refused into the audit log: the route is the entity, what its path names the row.
struct DenialAudit: Sendable {
    let database: any Database

    var recorder: DenialRecorder { DenialRecorder(record) }

    private func record(_ denial: Denial) async throws {
        let names = denial.pathValues.map(\.value).filter(Self.isName)
        let entry = AuditEntry(
            .accessDenied, denial.route, names.joined(separator: "/"), by: denial.origin, patient: denial.patient,
            outcome: .denied, reason: denial.code)
        try await database.write { db in db.audit(entry) }
    }

    /// An id or a user name. Whatever else a caller writes into a path may be health data.
    private static func isName(_ text: String) -> Bool {
        (1...50).contains(text.utf8.count)
            && text.utf8.allSatisfy { symbol in
                let character = Character(Unicode.Scalar(symbol))
                return character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character))
            }
    }
}
