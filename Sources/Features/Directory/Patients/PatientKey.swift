package import CareSyncCore
import Cryptography

/// What seals and opens one patient's values: the patient's data keys, or what has become of them.
package struct PatientKey: Sendable {
    package let patient: PatientID
    /// Oldest first. Each opens what was sealed with it.
    let generations: [DataKey]
    /// The newest that the database says seals.
    let sealing: DataKey?
    /// Where the transaction that uses the key notes what it seals; `nil` for a key that is being made, or remembered.
    private(set) var seals: PatientKeySeals?
    /// The keys were destroyed: nothing of the patient can be decrypted any more, which is not an error.
    package let isErased: Bool

    /// - Parameter sealing: the oldest unless given.
    init(_ patient: PatientID, generations: [DataKey], sealing: DataKey? = nil) {
        self.patient = patient
        self.generations = generations
        self.sealing = sealing ?? generations.first
        isErased = false
    }

    private init(without patient: PatientID, isErased: Bool) {
        self.patient = patient
        generations = []
        sealing = nil
        self.isErased = isErased
    }

    static func erased(_ patient: PatientID) -> PatientKey { PatientKey(without: patient, isErased: true) }

    /// The key is missing without an erasure. Only lists see this; a detail ends with an integrity failure.
    static func lost(_ patient: PatientID) -> PatientKey { PatientKey(without: patient, isErased: false) }

    /// Whether it seals and opens.
    package var isUsable: Bool { !generations.isEmpty }

    func noting(in seals: PatientKeySeals) -> PatientKey {
        var key = self
        key.seals = seals
        return key
    }

    func generation(_ number: UInt32?) -> DataKey? { generations.last { $0.generation == number } }
}
