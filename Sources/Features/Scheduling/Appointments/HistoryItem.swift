package import CareSyncCore
package import Persistence
import WebAPI

/// An entry of the patient's history inside a doctor's appointment, as a higher feature supplies it.
package struct HistoryItem: WireValue {
    let id: Int64
    let doctorId: DoctorID
    let visitDate: LocalDate
    let symptoms: String?
    let diagnosis: String?
    let treatment: String?
    let medicine: String?
    let doses: String?
    let notes: String?
    let appointmentId: AppointmentID?

    /// The texts are `nil` once the patient is erased.
    package init(
        id: Int64, doctor: DoctorID, visitDate: LocalDate, symptoms: String?, diagnosis: String?, treatment: String?,
        medicine: String?, doses: String?, notes: String?, appointment: AppointmentID?
    ) {
        self.id = id
        doctorId = doctor
        self.visitDate = visitDate
        self.symptoms = symptoms
        self.diagnosis = diagnosis
        self.treatment = treatment
        self.medicine = medicine
        self.doses = doses
        self.notes = notes
        appointmentId = appointment
    }
}

/// The newest entries of patients, and those that belong to the appointments; read at once for a whole list, under the
/// list's audit row.
package typealias HistoryReader =
    @Sendable (
        _ patients: Set<PatientID>, _ appointments: [AppointmentID], _ db: any Connection
    ) throws -> [PatientID: [HistoryItem]]
