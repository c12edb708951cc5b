import CareSyncCore
import Persistence

/// Which doctors to list, and in which order.
struct DoctorSearch: Sendable {
    /// Texts are folded, as the columns that end in `_key` are.
    var specialization: String?
    var minRating: Double?
    var maxFee: Money?
    var language: String?
    var gender: String?
    /// Each begins a word of the name (``TextKey/searchWords(_:)``).
    var nameWords: [String] = []
    var availableOn: LocalDate?
    var sort: DoctorSort?
    /// Only active and verified doctors: what patients see.
    var isBookableOnly = false

    var isFiltered: Bool {
        specialization != nil || minRating != nil || maxFee != nil || language != nil || gender != nil
            || !nameWords.isEmpty || availableOn != nil
    }

    /// `WHERE …` over `doctors d`, or nothing. `availableOn` is not in it: a higher feature decides that.
    var conditions: SQL {
        var parts: [SQL] = []
        // A doctor who cannot be booked is never available.
        if isBookableOnly || availableOn != nil { parts.append("d.is_active AND d.is_verified") }
        if let specialization { parts.append("d.specialization_key = \(specialization)") }
        // A doctor without reviews counts as 0, so no lower bound above it lets one through.
        if let minRating, minRating > 0 { parts.append("d.average_rating >= \(minRating)") }
        if let maxFee { parts.append("d.consultation_fee <= \(maxFee)") }
        if let gender { parts.append("d.gender_key = \(gender)") }
        for word in nameWords {
            parts.append(
                """
                d.id IN (SELECT w.doctor_id FROM doctor_name_words w
                         WHERE w.word >= \(word) AND w.word < \(TextKey.end(ofPrefix: word)))
                """)
        }
        if let language {
            parts.append(
                """
                ',' || d.languages_key || ',' LIKE '%,' || \(TextKey.likeLiteral(language)) || ',%' ESCAPE '!'
                """)
        }
        return parts.isEmpty ? "" : " WHERE " + SQL.joined(parts, separator: " AND ")
    }

    /// `ORDER BY …`; ends with the id, so that pages neither repeat nor miss a doctor.
    var order: SQL {
        switch sort {
        case nil: isFiltered ? " ORDER BY d.average_rating DESC, d.id" : " ORDER BY d.id"
        case .rating: " ORDER BY d.average_rating, d.id"
        case .ratingDescending: " ORDER BY d.average_rating DESC, d.id"
        case .fee: " ORDER BY d.consultation_fee NULLS LAST, d.id"
        case .feeDescending: " ORDER BY d.consultation_fee DESC NULLS LAST, d.id"
        case .name: " ORDER BY d.first_name_key, d.last_name_key, d.id"
        case .nameDescending: " ORDER BY d.first_name_key DESC, d.last_name_key DESC, d.id"
        }
    }
}

enum DoctorSort: String, Codable, CaseIterable, Sendable {
    case rating
    case ratingDescending = "-rating"
    case fee
    case feeDescending = "-fee"
    case name
    case nameDescending = "-name"
}
