package import CareSyncCore
import Cryptography

/// What seals and opens one patient's values: the patient's data keys, or what has become of them.
package struct PatientKey: Sendable, Equatable {
    package let patient: PatientID
    /// Oldest first. The newest seals; each opens what was sealed with it.
    let generations: [DataKey]
    /// The keys were destroyed: nothing of the patient can be decrypted any more, which is not an error.
    package let isErased: Bool

    init(_ patient: PatientID, generations: [DataKey]) {
        self.patient = patient
        self.generations = generations
        isErased = false
    }

    private init(without patient: PatientID, isErased: Bool) {
        self.patient = patient
        generations = []
        self.isErased = isErased
    }

    static func erased(_ patient: PatientID) -> PatientKey { PatientKey(without: patient, isErased: true) }

    /// The key is missing without an erasure. Only lists see this; a detail ends with an integrity failure.
    static func lost(_ patient: PatientID) -> PatientKey { PatientKey(without: patient, isErased: false) }

    /// Whether it seals and opens.
    package var isUsable: Bool { !generations.isEmpty }

    func generation(_ number: UInt32?) -> DataKey? { generations.last { $0.generation == number } }
}
