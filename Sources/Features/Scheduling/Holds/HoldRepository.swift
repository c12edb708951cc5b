import CareSyncCore
import Persistence

/// The SQL of slots that wait for their payment.
struct HoldRepository {
    let db: any Connection

    /// Ends expired holds that overlap an interval, of the doctor or of the patient. A hold whose payment is being
    /// captured right now is waited for, and stays.
    func endExpired(
        overlapping interval: Interval, doctor: DoctorID, patient: PatientID
    ) throws -> [AppointmentEffects.Subject] {
        let now = db.now
        return try db.all(
            """
            UPDATE appointments \(Self.ending(now))
            WHERE id IN (\(Self.expired(touching: interval, doctor: doctor, patient: patient, now))) AND \(Self.expired(now))
            RETURNING \(AppointmentEffects.Subject.columns)
            """)
    }

    /// Two looks at the days around the interval, however many holds have ever ended.
    static func expired(
        touching interval: Interval, doctor: DoctorID, patient: PatientID, _ now: Instant
    ) -> SQL {
        """
        SELECT id FROM appointments
        WHERE doctor_id = \(doctor) AND \(CalendarRepository.touching(interval)) AND \(expired(now))
        UNION
        SELECT id FROM appointments
        WHERE patient_id = \(patient) AND \(CalendarRepository.touching(interval)) AND \(expired(now))
        """
    }

    /// Ends one hold if it has run out.
    func endExpired(_ id: AppointmentID) throws -> AppointmentEffects.Subject? {
        let now = db.now
        return try db.first(
            """
            UPDATE appointments \(Self.ending(now)) WHERE id = \(id) AND \(Self.expired(now))
            RETURNING \(AppointmentEffects.Subject.columns)
            """)
    }

    private static func ending(_ now: Instant) -> SQL {
        """
        SET status = 'CANCELLED', is_active = FALSE, status_changed_at = \(now), status_changed_by = 'SYSTEM',
            updated_at = \(now), version = version + 1
        """
    }

    private static func expired(_ now: Instant) -> SQL {
        "is_active AND status = 'BOOKED' AND held_until <= \(now)"
    }
}
