import CareSyncCore
import Persistence

struct ConsentRepository {
    let db: any Connection

    /// The newest of each purpose that the patient has said something about.
    func list(of patient: PatientID) throws -> [Consent] {
        try db.all(Self.newest(of: patient))
    }

    static func newest(of patient: PatientID) -> SQL {
        """
        SELECT purpose, is_granted, text_version, changed_at FROM patient_consents c
        WHERE patient_id = \(patient) AND number = (
            SELECT max(n.number) FROM patient_consents n
            WHERE n.patient_id = c.patient_id AND n.purpose = c.purpose)
        """
    }

    /// The caller holds the lock of the patient's row, so that numbers follow one another.
    func insert(_ purpose: ConsentPurpose, isGranted: Bool, of patient: PatientID, at now: Instant) throws {
        let last: Int? = try db.value(
            """
            SELECT coalesce(max(number), 0) FROM patient_consents
            WHERE patient_id = \(patient) AND purpose = \(purpose)
            """)
        try db.run(
            """
            INSERT INTO patient_consents (patient_id, purpose, number, is_granted, text_version, changed_at)
            VALUES (\(patient), \(purpose), \((last ?? 0) + 1), \(isGranted), \(purpose.texts.count), \(now))
            """)
    }
}
