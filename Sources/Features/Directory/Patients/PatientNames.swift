import CareSyncCore
package import Cryptography
import Persistence

/// Finds patients by whole words of their names, which are stored sealed: beside each patient stand keyed codes of the
/// words (rules/patient-data 8). Beginnings of words are not found, because a code tells nothing of them.
package struct PatientNames: Sendable {
    private let index: BlindIndex

    package init(rootSecret: RootSecret) {
        index = BlindIndex(rootSecret.derive(.blindIndex), column: "patients.name")
    }

    /// The codes of the words somebody looks for.
    func codes(searching text: String) -> [[UInt8]] { TextKey.searchWords(text).map(index.code) }

    /// Replaces the words of a patient, whose row is there.
    func store(_ firstName: String, _ lastName: String, of patient: PatientID, _ db: any Connection) throws {
        try Self.remove(of: patient, db)
        let words = TextKey.wholeWords(of: firstName).union(TextKey.wholeWords(of: lastName))
        // In the order of the codes, which tells nothing of that of the words.
        let codes = words.map { index.code(for: $0) }.sorted { $0.lexicographicallyPrecedes($1) }
        guard !codes.isEmpty else { return }
        let rows = codes.map { "(\(patient), \($0))" as SQL }
        try db.run("INSERT INTO patient_name_words (patient_id, code) VALUES \(SQL.joined(rows, separator: ", "))")
    }

    /// Nobody finds the patient by name any more.
    static func remove(of patient: PatientID, _ db: any Connection) throws {
        try db.run("DELETE FROM patient_name_words WHERE patient_id = \(patient)")
    }
}
