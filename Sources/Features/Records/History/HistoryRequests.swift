import CareSyncCore
import Scheduling
import WebAPI

/// One medicine of a prescription, both ways.
extension PrescribedMedicine: WireValue, Validated, Documented {
    static let most = 50

    static let rules: [Rule<Self>] = [
        .text("medicine", \.medicine, .line, 200), .text("dose", \.dose, .line, 200),
        .text("frequency", \.frequency, .line, 200), .text("duration", \.duration, .line, 200),
        .text("instructions", \.instructions, .paragraph, 500),
    ]

    static let notes: [String: FieldNote] = [
        "medicine": FieldNote("The medicine, by its generic name.", example: "Amoxicillin"),
        "dose": FieldNote("How much at a time.", example: "500 mg"),
        "frequency": FieldNote("How often.", example: "Three times a day"),
        "duration": FieldNote("For how long.", example: "7 days"),
        "instructions": FieldNote("How to take it.", example: "After meals"),
    ]
}

/// The most characters of one text of an entry.
private let longest = 4_000

struct CreateHistoryRequest: Codable, Sendable, Validated, Documented {
    var patientId: PatientID
    var visitDate: LocalDate
    var symptoms: String
    var diagnosis: String
    var treatment: String?
    var medicine: String?
    var doses: String?
    var notes: String?
    var prescription: [PrescribedMedicine]?
    var appointmentId: AppointmentID?

    static let rules: [Rule<Self>] = [
        .text("symptoms", \.symptoms, .paragraph, longest), .text("diagnosis", \.diagnosis, .paragraph, longest),
        .text("treatment", \.treatment, .paragraph, longest), .text("medicine", \.medicine, .paragraph, longest),
        .text("doses", \.doses, .paragraph, longest), .text("notes", \.notes, .paragraph, longest),
        Rule("prescription", .items(minimum: nil, maximum: PrescribedMedicine.most)) { _ in nil },
    ]

    static let notes: [String: FieldNote] = HistoryNotes.written
}

/// The same for a route that names the patient.
struct AddHistoryRequest: Codable, Sendable, Validated, Documented {
    /// When present, the patient of the path.
    var patientId: PatientID?
    var visitDate: LocalDate
    var symptoms: String
    var diagnosis: String?
    var treatment: String?
    var medicine: String?
    var doses: String?
    var notes: String?
    var prescription: [PrescribedMedicine]?
    var appointmentId: AppointmentID?

    static let rules: [Rule<Self>] = [
        .text("symptoms", \.symptoms, .paragraph, longest), .text("diagnosis", \.diagnosis, .paragraph, longest),
        .text("treatment", \.treatment, .paragraph, longest), .text("medicine", \.medicine, .paragraph, longest),
        .text("doses", \.doses, .paragraph, longest), .text("notes", \.notes, .paragraph, longest),
        Rule("prescription", .items(minimum: nil, maximum: PrescribedMedicine.most)) { _ in nil },
    ]

    static let notes: [String: FieldNote] = HistoryNotes.written
}

/// What is absent, null or (of date, symptoms and diagnosis) blank stays as it is.
struct UpdateHistoryRequest: Codable, Sendable, Validated, Documented {
    var visitDate: String?
    var symptoms: String?
    var diagnosis: String?
    var treatment: String?
    var medicine: String?
    var doses: String?
    var notes: String?
    var prescription: [PrescribedMedicine]?
    var appointmentId: AppointmentID?

    static let rules: [Rule<Self>] = [
        .day("visitDate", \.visitDate), .text("symptoms", \.symptoms, .paragraph, longest),
        .text("diagnosis", \.diagnosis, .paragraph, longest),
        .text("treatment", \.treatment, .paragraph, longest), .text("medicine", \.medicine, .paragraph, longest),
        .text("doses", \.doses, .paragraph, longest), .text("notes", \.notes, .paragraph, longest),
        Rule("prescription", .items(minimum: nil, maximum: PrescribedMedicine.most)) { _ in nil },
    ]

    static let notes: [String: FieldNote] = HistoryNotes.written

    /// Throws when a medicine breaks a rule.
    func change() throws -> HistoryChange {
        HistoryChange(
            visitDate: TextSort.content(of: visitDate).flatMap { LocalDate(wire: $0) }, appointment: appointmentId,
            symptoms: symptoms, diagnosis: diagnosis, treatment: treatment, medicine: medicine, doses: doses,
            notes: notes,
            prescription: try prescription.map(PrescribedMedicine.checked))
    }
}

extension EndpointSettings {
    /// Six long texts and a prescription, in a script of three bytes a letter or with every letter escaped.
    static let longTexts = EndpointSettings(bodyLimit: 512 << 10)
}

enum HistoryNotes {
    static let written: [String: FieldNote] = ["prescription": "What is prescribed, medicine by medicine."]
}

extension PrescribedMedicine {
    /// Blank values are absent. Throws when a medicine breaks a rule.
    static func checked(_ medicines: [PrescribedMedicine]) throws -> [PrescribedMedicine] {
        try ItemRules.check(medicines, in: "prescription", atMost: most)
        return medicines.map {
            PrescribedMedicine(
                medicine: TextSort.trimmed($0.medicine), dose: TextSort.content(of: $0.dose),
                frequency: TextSort.content(of: $0.frequency), duration: TextSort.content(of: $0.duration),
                instructions: TextSort.content(of: $0.instructions))
        }
    }
}

extension CreateHistoryRequest {
    func new() throws -> NewHistory {
        NewHistory(
            patient: patientId, visitDate: visitDate, appointment: appointmentId,
            texts: HistoryTexts(
                symptoms: TextSort.trimmed(symptoms), diagnosis: TextSort.trimmed(diagnosis),
                treatment: TextSort.content(of: treatment), medicine: TextSort.content(of: medicine),
                doses: TextSort.content(of: doses), notes: TextSort.content(of: notes),
                prescription: try PrescribedMedicine.checked(prescription ?? [])))
    }
}

extension AddHistoryRequest {
    func new(for patient: PatientID) throws -> NewHistory {
        if let patientId, patientId != patient {
            throw Problem.invalid("patientId", "VALIDATION_FAILED", rule: "must be the patient of the path")
        }
        return NewHistory(
            patient: patient, visitDate: visitDate, appointment: appointmentId,
            texts: HistoryTexts(
                symptoms: TextSort.trimmed(symptoms), diagnosis: TextSort.content(of: diagnosis),
                treatment: TextSort.content(of: treatment), medicine: TextSort.content(of: medicine),
                doses: TextSort.content(of: doses), notes: TextSort.content(of: notes),
                prescription: try PrescribedMedicine.checked(prescription ?? [])))
    }
}
