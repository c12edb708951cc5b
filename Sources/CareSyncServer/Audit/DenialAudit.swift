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
            .accessDenied, denial.route, names.joined(separator: "/"), by: denial.origin, patient: Self.patient(denial),
            outcome: .denied, reason: denial.code)
        try await database.write { db in db.audit(entry) }
    }

    /// The patient whose data the path is about, so that the patient learns of the attempt.
    private static func patient(_ denial: Denial) -> PatientID? {
        let name = denial.route.contains(" /api/patients/{id}") ? "id" : "patientId"
        return denial.pathValues.first { $0.name == name }.flatMap { Int64($0.value) }.flatMap(
            PatientID.init(checking:))
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
