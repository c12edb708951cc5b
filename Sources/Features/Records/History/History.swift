package import CareSyncCore
import Directory
import Persistence
import Scheduling

package enum HistoryTag {}
package typealias HistoryID = ID<HistoryTag>

/// A row of `medical_histories` with its doctor and its appointment; the texts are still sealed.
struct SealedHistory: RowDecodable {
    let id: HistoryID
    let patientID: PatientID
    let doctorID: DoctorID
    let appointmentID: AppointmentID?
    let visitDate: LocalDate
    let texts: SealedTexts
    /// The version in which what was prescribed last changed; `nil` when nothing is.
    let prescribedVersion: Int64?
    let version: Int64
    let createdAt: Instant
    let updatedAt: Instant
    /// The author's name when the entry last changed.
    let writtenAs: String
    let doctorName: String
    let doctorSpecialization: String?
    let doctorContactInfo: String?
    let appointment: LinkedAppointment?

    /// The appointment an entry names, as far as the entry depends on it.
    struct LinkedAppointment: Sendable {
        let startsAt: Instant
        let endsAt: Instant
        let status: AppointmentStatus
        let statusChangedAt: Instant?
    }

    /// Of aliases `h`, `d` (its doctor) and `a` (its appointment), in the order in which they are read.
    static let columns: SQL = """
        h.id, h.patient_id, h.doctor_id, h.appointment_id, h.visit_date, \(SealedTexts.columns), h.prescribed_version,
        h.version, h.created_at, h.updated_at, h.written_as, d.first_name AS doctor_first_name, d.last_name AS doctor_last_name,
        d.specialization AS doctor_specialization, d.contact_info AS doctor_contact_info,
        a.starts_at AS appointment_starts_at, a.ends_at AS appointment_ends_at, a.status AS appointment_status,
        a.status_changed_at AS appointment_changed_at
        """

    static let tables: SQL = """
        medical_histories h JOIN doctors d ON d.id = h.doctor_id LEFT JOIN appointments a ON a.id = h.appointment_id
        """

    init(row: Row) throws {
        id = try row.value("id")
        patientID = try row.value("patient_id")
        doctorID = try row.value("doctor_id")
        appointmentID = try row.value("appointment_id")
        visitDate = try row.value("visit_date")
        texts = try SealedTexts(row: row)
        prescribedVersion = try row.value("prescribed_version")
        version = try row.value("version")
        createdAt = try row.value("created_at")
        updatedAt = try row.value("updated_at")
        writtenAs = try row.value("written_as")
        doctorName = try row.value("doctor_first_name") + " " + row.value("doctor_last_name")
        doctorSpecialization = try row.value("doctor_specialization")
        doctorContactInfo = try row.value("doctor_contact_info")
        let startsAt: Instant? = try row.value("appointment_starts_at")
        let endsAt: Instant? = try row.value("appointment_ends_at")
        let status: AppointmentStatus? = try row.value("appointment_status")
        let changedAt: Instant? = try row.value("appointment_changed_at")
        appointment =
            if let startsAt, let endsAt, let status {
                LinkedAppointment(
                    startsAt: startsAt, endsAt: endsAt, status: status, statusChangedAt: changedAt)
            } else { nil }
    }

    /// Whether it is too late to correct it (rules/medical-records 5). What is final stays so: an appointment that is completed
    /// when the time is over begins no new one.
    func isFinal(at now: Instant, _ context: RecordsContext) -> Bool {
        let span = context.settings.correctionTime
        let written = createdAt + span
        guard let appointment, context.zone.date(at: appointment.startsAt) <= visitDate else { return now >= written }
        let latest = max(createdAt, appointment.endsAt) + span
        if appointment.status.isOccupying { return now >= latest }
        guard appointment.status == .completed, let completedAt = appointment.statusChangedAt else {
            return now >= written
        }
        return now >= (completedAt < latest ? max(createdAt, completedAt) + span : latest)
    }
}

/// An entry in clear.
struct HistoryEntry: Sendable {
    let record: SealedHistory
    /// `nil` once the patient is erased.
    let texts: HistoryTexts?
    var amendments: [Amendment] = []
    /// When the visit began, if there was an appointment.
    var visitStart: Instant?
    let isFinal: Bool
}

/// What is written into a new entry.
struct NewHistory: Sendable {
    let patient: PatientID
    let visitDate: LocalDate
    let appointment: AppointmentID?
    let texts: HistoryTexts
}

/// What becomes of an entry: `nil` leaves a value as it is.
struct HistoryChange: Sendable {
    var visitDate: LocalDate?
    var appointment: AppointmentID?
    var symptoms: String?
    var diagnosis: String?
    /// Empty clears it; so for the next three.
    var treatment: String?
    var medicine: String?
    var doses: String?
    var notes: String?
    var prescription: [PrescribedMedicine]?

    func applied(to texts: HistoryTexts) -> HistoryTexts {
        func replaced(_ text: String?, by new: String?) -> String? { new == nil ? text : TextSort.content(of: new) }
        return HistoryTexts(
            symptoms: TextSort.content(of: symptoms) ?? texts.symptoms,
            diagnosis: TextSort.content(of: diagnosis) ?? texts.diagnosis,
            treatment: replaced(texts.treatment, by: treatment), medicine: replaced(texts.medicine, by: medicine),
            doses: replaced(texts.doses, by: doses), notes: replaced(texts.notes, by: notes),
            prescription: prescription ?? texts.prescription)
    }
}

enum HistoryError: FailureCatalogue, CaseIterable {
    case notFound, notAuthor, final, amended, changedMeanwhile, tooManyVersions, tooManyAmendments, patientErased

    var problem: Problem {
        switch self {
        case .notFound: Problem(.notFound, "HISTORY_NOT_FOUND", "There is no such entry.")
        case .notAuthor: Problem(.forbidden, "NOT_AUTHOR", "Only the doctor who wrote an entry may change it.")
        case .final:
            Problem(.conflict, "RECORD_FINAL", "The entry is final. Add an amendment instead of changing it.")
        case .amended:
            Problem(.conflict, "RECORD_AMENDED", "A colleague has added to the entry, so it cannot be taken back.")
        case .changedMeanwhile:
            Problem(.preconditionFailed, "PRECONDITION_FAILED", "The entry has changed since you read it.")
        case .tooManyVersions:
            Problem(.conflict, "TOO_MANY_VERSIONS", "The entry was changed too often. Add an amendment instead.")
        case .tooManyAmendments:
            Problem(.conflict, "TOO_MANY_AMENDMENTS", "The entry has too many amendments. Write a new entry.")
        case .patientErased: PatientVault.erased
        }
    }

    /// Why an entry cannot be changed.
    static let refusedChanges: [HistoryError] = [
        .notFound, .notAuthor, .final, .changedMeanwhile, .tooManyVersions, .patientErased,
    ]
}
