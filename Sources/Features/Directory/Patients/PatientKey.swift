package import CareSyncCore
import Cryptography

/// What seals and opens one patient's values: the patient's data keys, or what has become of them.
package struct PatientKey: Sendable, Equatable {
    package let patient: PatientID
    /// Oldest first. Each opens what was sealed with it.
    let generations: [DataKey]
    /// The newest that has settled (``settling``).
    let sealing: DataKey?
    /// The keys were destroyed: nothing of the patient can be decrypted any more, which is not an error.
    package let isErased: Bool

    /// How long a new generation only opens. Until then every process has read it: keys are remembered for less
    /// (``PatientKeyCache/lifetime``), and the clocks of processes differ by less than a minute.
    static let settling = TimeSpan.minutes(2)

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

    func generation(_ number: UInt32?) -> DataKey? { generations.last { $0.generation == number } }
}
