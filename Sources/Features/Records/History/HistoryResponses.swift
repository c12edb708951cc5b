import CareSyncCore
import Persistence
import Scheduling
import WebAPI

/// An entry of a patient's history: `MedicalHistoryDto` of the published API, and what was added to it.
struct HistoryResponse: WireResponse, Documented {
    /// What was done; `null` on reads.
    let message: String?
    let id: HistoryID
    let patientId: PatientID
    let visitDate: LocalDate
    let symptoms: String?
    let diagnosis: String?
    let treatment: String?
    let medicine: String?
    let doses: String?
    let notes: String?
    let prescription: [PrescribedMedicine]
    let prescriptionUrl: String?
    let doctorId: DoctorID
    let doctorName: String
    let doctorSpecialization: String?
    let doctorContactInfo: String?
    let appointmentId: AppointmentID?
    let appointmentDate: VisitMoment
    let createdDateTime: LocalDateTime
    let updatedDateTime: LocalDateTime
    let version: Int64
    let isFinal: Bool
    let amendments: [AmendmentResponse]
    let allergies: [Allergy]?
    let allergiesRecordedAt: LocalDateTime?
    let medications: [Medication]?
    let medicationsRecordedAt: LocalDateTime?

    static let notes: [String: FieldNote] = [
        "prescription": "What is prescribed, medicine by medicine.",
        "prescriptionUrl":
            "Where anyone who holds it can check the printed prescription; `null` when nothing is prescribed.",
        "createdDateTime": "When the entry was written.", "updatedDateTime": "When it last changed.",
        "version": "Counts the changes; also the entry's `ETag`, for `If-Match`.",
        "isFinal": "Whether it can no longer be changed, only amended.",
        "amendments": "What doctors have added, the oldest first.",
        "allergies": "The patient's allergies, in the answer to a doctor who writes; otherwise `null`.",
        "allergiesRecordedAt":
            "Beside `allergies`: when somebody last said what there is; `null` when nobody has asked.",
        "medications": "What the patient takes, in the answer to a doctor who writes; otherwise `null`.",
        "medicationsRecordedAt":
            "Beside `medications`: when somebody last said what is taken; `null` when nobody has asked.",
    ]
}

/// Makes responses of entries.
struct HistoryResponses: Sendable {
    let context: RecordsContext

    @Sendable func read(_ entry: HistoryEntry) -> HistoryResponse { response(entry, nil, nil) }

    @Sendable func created(_ written: HistoryWritingService.Written) -> HistoryResponse {
        response(written.entry, "Medical history created successfully", written.lists)
    }

    func createdOnce(
        _ outcome: Replayable<HistoryWritingService.Written>
    ) -> VersionedResponse<IdempotentResponse<HistoryResponse>> {
        .once(outcome, version: \.entry.record.version, created)
    }

    func updated(_ written: HistoryWritingService.Written) -> HistoryResponse {
        response(written.entry, "Medical history updated successfully", written.lists)
    }

    private func response(_ entry: HistoryEntry, _ message: String?, _ lists: HealthLists?) -> HistoryResponse {
        let (record, texts, zone) = (entry.record, entry.texts, context.zone)
        return HistoryResponse(
            message: message, id: record.id, patientId: record.patientID, visitDate: record.visitDate,
            symptoms: texts?.symptoms, diagnosis: texts?.diagnosis, treatment: texts?.treatment,
            medicine: texts?.medicine, doses: texts?.doses, notes: texts?.notes,
            prescription: texts?.prescription ?? [],
            prescriptionUrl: context.prescriptionURL(of: record), doctorId: record.doctorID,
            doctorName: record.doctorName,
            doctorSpecialization: record.doctorSpecialization, doctorContactInfo: record.doctorContactInfo,
            appointmentId: record.appointmentID, appointmentDate: VisitMoment(entry, zone: zone),
            createdDateTime: zone.local(record.createdAt), updatedDateTime: zone.local(record.updatedAt),
            version: record.version, isFinal: entry.isFinal,
            amendments: entry.amendments.map { AmendmentResponse($0, zone: zone) },
            allergies: lists.map { $0.allergies.items ?? [] },
            allergiesRecordedAt: lists?.allergies.recordedAt.map { zone.local($0) },
            medications: lists.map { $0.medications.items ?? [] },
            medicationsRecordedAt: lists?.medications.recordedAt.map { zone.local($0) })
    }
}

/// When a visit was: the start of its appointment, else its day.
struct VisitMoment: Codable, Sendable, WireScalar {
    private let text: String

    init(_ entry: HistoryEntry, zone: ClinicZone) {
        text = entry.visitStart.map { zone.local($0).description } ?? entry.record.visitDate.description
    }

    private init(text: String) {
        self.text = text
    }

    init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    static let wireType = WireType(
        .string, pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{3})?)?$",
        example: "2026-03-02T09:30:00", isMoment: true,
        text: "The start of the appointment on the clinic's clock; the day alone when there was none.")
    static let sample = VisitMoment(text: "2026-03-02T09:30:00")
}

/// An entry in short, with its doctor.
struct HistoryWithDoctorResponse: WireResponse {
    let id: HistoryID
    let visitDate: LocalDate
    let symptoms: String?
    let diagnosis: String?
    let treatment: String?
    let doctorName: String
    let doctorSpecialization: String?
    let doctorContactInfo: String?
    let appointmentId: AppointmentID?
    let appointmentDate: VisitMoment

    init(_ entry: HistoryEntry, zone: ClinicZone) {
        id = entry.record.id
        visitDate = entry.record.visitDate
        symptoms = entry.texts?.symptoms
        diagnosis = entry.texts?.diagnosis
        treatment = entry.texts?.treatment
        doctorName = entry.record.doctorName
        doctorSpecialization = entry.record.doctorSpecialization
        doctorContactInfo = entry.record.doctorContactInfo
        appointmentId = entry.record.appointmentID
        appointmentDate = VisitMoment(entry, zone: zone)
    }
}

/// How often a patient came, and what was found.
struct HistorySummaryResponse: WireResponse, Documented {
    let patientId: PatientID
    let totalVisits: Int
    /// Days since 1970-01-01.
    let firstVisit: Int?
    let lastVisit: Int?
    let uniqueDiagnoses: [String]
    let diagnosisCount: Int

    static let notes: [String: FieldNote] = [
        "totalVisits": "How many entries there are.",
        "firstVisit": "The day of the first visit, in days since 1970-01-01; `null` without entries.",
        "lastVisit": "The day of the last visit, in days since 1970-01-01; `null` without entries.",
        "uniqueDiagnoses": "Each diagnosis once, the latest first.", "diagnosisCount": "How many there are.",
    ]

    init(_ summary: HistoryService.Summary, of patient: PatientID) {
        patientId = patient
        totalVisits = summary.visits
        firstVisit = summary.firstVisit?.daysSinceEpoch
        lastVisit = summary.lastVisit?.daysSinceEpoch
        uniqueDiagnoses = summary.diagnoses
        diagnosisCount = summary.diagnoses.count
    }
}
