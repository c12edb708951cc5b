import CareSyncCore
import Persistence

/// What mails say of an appointment. Reasons and everything else that is clinical stays where it is.
struct NoticedAppointment: RowDecodable {
    let id: AppointmentID
    let doctor: DoctorID
    let patient: PatientID
    let startsAt: Instant
    let status: AppointmentStatus
    let isActive: Bool
    let isEmergency: Bool
    let heldUntil: Instant?
    let doctorName: String
    let doctorEmail: String
    let patientEmail: String
    let isDoctorOut: Bool
    let isPatientOut: Bool

    init(row: Row) throws {
        id = try row.value("id")
        doctor = try row.value("doctor_id")
        patient = try row.value("patient_id")
        startsAt = try row.value("starts_at")
        status = try row.value("status")
        isActive = try row.value("is_active")
        isEmergency = try row.value("is_emergency")
        heldUntil = try row.value("held_until")
        doctorName = try row.value("first_name") + " " + row.value("last_name")
        doctorEmail = try row.value("doctor_email")
        patientEmail = try row.value("patient_email")
        isDoctorOut = try row.value("is_doctor_out")
        isPatientOut = try row.value("is_patient_out")
    }

    /// Also when an administrator has deleted it: both sides are told that it is cancelled.
    static func find(_ id: AppointmentID, _ db: any Connection) throws -> NoticedAppointment? {
        try db.first(
            """
            SELECT a.id, a.doctor_id, a.patient_id, a.starts_at, a.status, a.is_active, a.is_emergency, a.held_until,
                   d.first_name, d.last_name, ud.email AS doctor_email, up.email AS patient_email,
                   NOT (d.is_active AND d.is_verified) AS is_doctor_out, NOT up.is_active AS is_patient_out
            FROM appointments a JOIN doctors d ON d.id = a.doctor_id JOIN users ud ON ud.id = a.doctor_id
                JOIN users up ON up.id = a.patient_id
            WHERE a.id = \(id)
            """)
    }

    /// Whether it is still due to take place.
    var isAhead: Bool { isActive && status.isOccupying }
}
