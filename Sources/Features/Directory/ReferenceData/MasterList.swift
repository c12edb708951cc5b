import CareSyncCore
import Persistence

/// The value lists of the forms.
enum MasterList: String, CaseIterable, Sendable, SQLConvertible, ColumnValue {
    case genders
    case specializations
    case statuses
    case bloodGroups
    case languages
    case degrees
    case institutions
    case hospitals
    case positions

    /// Reads the path word of a list in any case, singular or plural.
    init?(pathWord: String) {
        let word = pathWord.lowercased()
        guard let list = Self.allCases.first(where: { $0.pathWords.contains(word) }) else { return nil }
        self = list
    }

    /// The path word first, then its synonyms.
    var pathWords: [String] {
        switch self {
        case .genders: ["genders", "gender"]
        case .specializations: ["specializations", "specialization"]
        case .statuses: ["statuses", "status"]
        case .bloodGroups: ["blood-groups", "blood-group", "bloodgroups", "bloodgroup"]
        case .languages: ["languages", "language"]
        case .degrees: ["degrees", "degree"]
        case .institutions: ["institutions", "institution"]
        case .hospitals: ["hospitals", "hospital"]
        case .positions: ["positions", "position"]
        }
    }

    /// The longest value, in characters.
    var limit: Int {
        switch self {
        case .bloodGroups: 10
        case .genders, .statuses, .languages: 50
        case .specializations, .degrees, .positions: 100
        case .institutions, .hospitals: 200
        }
    }

    /// Appointment statuses are fixed in the program; a list cannot add one.
    var isReadOnly: Bool { self == .statuses }
}

enum MasterError: FailureCatalogue, CaseIterable {
    case readOnly
    case exists

    var problem: Problem {
        switch self {
        case .readOnly: Problem(.conflict, "MASTER_LIST_READ_ONLY", "The values of this list are fixed.")
        case .exists: Problem(.conflict, "CONFLICT", "This list already has the value.")
        }
    }
}
