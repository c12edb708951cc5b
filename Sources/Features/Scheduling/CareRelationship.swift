package import CareSyncCore
package import Persistence

/// Whether a doctor treats a patient (contract/common.md §4): there is, or was, an appointment that is not cancelled. A
/// hold that waits for payment makes nobody treating (RULINGS C6).
///
/// Every service asks here; none compares ids by itself.
package enum CareRelationship {
    /// The condition for use inside a statement. `doctor` and `patient` are columns of the enclosing query.
    static func isTreated(doctor: SQL, patient: SQL) -> SQL {
        """
        EXISTS (SELECT 1 FROM appointments t WHERE t.doctor_id = \(doctor) AND t.patient_id = \(patient)
                AND t.held_until IS NULL AND t.deleted_at IS NULL
                AND t.status NOT IN ('CANCELLED', 'CANCELLED_BY_PATIENT', 'CANCELLED_BY_DOCTOR'))
        """
    }

    /// The ids of the patients a doctor treats.
    static func patients(of doctor: DoctorID) -> SQL {
        """
        SELECT DISTINCT t.patient_id FROM appointments t WHERE t.doctor_id = \(doctor)
        AND t.held_until IS NULL AND t.deleted_at IS NULL
        AND t.status NOT IN ('CANCELLED', 'CANCELLED_BY_PATIENT', 'CANCELLED_BY_DOCTOR')
        """
    }

    package static func isTreating(_ doctor: DoctorID, _ patient: PatientID, db: any Connection) throws -> Bool {
        try db.value("SELECT \(isTreated(doctor: "CAST(\(doctor) AS bigint)", patient: "CAST(\(patient) AS bigint)"))")
            ?? false
    }
}
