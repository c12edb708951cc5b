import CareSyncCore
import JSONCoding
import Persistence

/// What is to become of a doctor's profile. What is absent stays.
struct DoctorChange: Sendable {
    var firstName: String?
    var lastName: String?
    var specialization: Patch<String> = .absent
    var contactInfo: Patch<String> = .absent
    var gender: Patch<String> = .absent
    var address: Patch<String> = .absent
    var fee: Money?
    /// None clears them.
    var languages: [String]?

    /// Whether a text may stand for a telephone number: some digits, and what is written between and behind them.
    static func isTelephone(_ text: String) -> Bool {
        var digits = 0
        for scalar in text.unicodeScalars {
            if scalar.properties.numericType == .decimal {
                digits += 1
            } else if !"+-–().,/;:#xXeEtTnN ".unicodeScalars.contains(scalar) {
                return false
            }
        }
        return (3...40).contains(digits)
    }

    /// The columns that change, each with what searches read instead of it.
    fileprivate var assignments: [SQL] {
        var columns: [SQL] = []
        if let firstName {
            columns.append("first_name = \(firstName), first_name_key = \(TextKey.folded(firstName))")
        }
        if let lastName { columns.append("last_name = \(lastName), last_name_key = \(TextKey.folded(lastName))") }
        if specialization.isPresent {
            let text = specialization.value
            columns.append("specialization = \(text), specialization_key = \(text.map(TextKey.folded))")
        }
        if contactInfo.isPresent { columns.append("contact_info = \(contactInfo.value)") }
        if gender.isPresent {
            columns.append("gender = \(gender.value), gender_key = \(gender.value.map(TextKey.folded))")
        }
        if address.isPresent { columns.append("address = \(address.value)") }
        if let fee { columns.append("consultation_fee = \(fee)") }
        if let languages {
            let spoken = languages.isEmpty ? nil : languages
            columns.append(
                "languages = \(spoken.map(Languages.join)), languages_key = \(spoken.map(Languages.key))")
        }
        return columns
    }
}

extension DoctorRepository {
    /// Locks a doctor's row; `false` when there is none.
    func lock(_ id: DoctorID) throws -> Bool {
        try db.exists("SELECT 1 FROM doctors d WHERE d.id = \(id)\(db.dialect.forNoKeyUpdate(of: "d"))")
    }

    /// Writes what was sent and nothing else. The caller holds the lock of the row.
    func update(_ id: DoctorID, _ change: DoctorChange, at now: Instant) throws {
        let columns = change.assignments + ["version = version + 1", "updated_at = \(now)"]
        try db.run("UPDATE doctors SET \(SQL.joined(columns, separator: ", ")) WHERE id = \(id)")
        if change.firstName != nil || change.lastName != nil { try replaceNameWords(of: id) }
    }

    /// The words by which searches find the doctor, of the names as they are now.
    private func replaceNameWords(of id: DoctorID) throws {
        try db.run("DELETE FROM doctor_name_words WHERE doctor_id = \(id)")
        guard let doctor = try find(id) else { return }
        try insertNameWords(of: id, firstName: doctor.firstName, lastName: doctor.lastName)
    }
}
