import CareSyncCore
import Persistence

/// What a patient may agree to.
enum ConsentPurpose: String, Sendable, CaseIterable, ColumnValue, SQLConvertible {
    /// That the assistant's model outside the house reads their data.
    case assistant = "ASSISTANT"

    /// What is agreed to, the oldest version first; a version never changes.
    var texts: [String] {
        switch self {
        case .assistant:
            [
                """
                The assistant may send what it needs of my record (my age, what I suffer from, my history, medication, \
                allergies and vitals, without my name and contact details) to the language model that the clinic has \
                chosen, outside the clinic's own systems. I can take this back at any time; from then on nothing more is \
                sent.
                """
            ]
        }
    }
}

/// A row of `patient_consents`: what a patient said, when, and to which text. The newest of a purpose counts.
struct Consent: RowDecodable, Equatable {
    let purpose: ConsentPurpose
    let isGranted: Bool
    /// From 1 on.
    let textVersion: Int
    /// `nil` as long as the patient has said nothing.
    let changedAt: Instant?

    init(row: Row) throws {
        purpose = try row.value("purpose")
        isGranted = try row.value("is_granted")
        textVersion = try row.value("text_version")
        changedAt = try row.value("changed_at")
    }

    /// What is not granted is refused.
    init(unsaid purpose: ConsentPurpose) {
        self.purpose = purpose
        isGranted = false
        textVersion = purpose.texts.count
        changedAt = nil
    }

    /// The text the patient was shown.
    var text: String { purpose.texts.indices.contains(textVersion - 1) ? purpose.texts[textVersion - 1] : "" }
}
