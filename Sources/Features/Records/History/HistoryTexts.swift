import CareSyncCore
import Cryptography
import Directory
import JSONCoding
import Persistence

/// One medicine of a prescription.
struct PrescribedMedicine: Codable, Sendable, Equatable {
    var medicine: String
    var dose: String?
    var frequency: String?
    var duration: String?
    var instructions: String?
}

/// What an entry says.
struct HistoryTexts: Codable, Sendable, Equatable {
    var symptoms: String
    var diagnosis: String?
    var treatment: String?
    var medicine: String?
    var doses: String?
    var notes: String?
    var prescription: [PrescribedMedicine]

    /// Whether there is anything to print on a prescription.
    var isPrescribing: Bool { medicine != nil || doses != nil || !prescription.isEmpty }

    /// Whether a prescription printed from either says the same.
    func prescribesSame(as other: HistoryTexts) -> Bool {
        medicine == other.medicine && doses == other.doses && prescription == other.prescription
    }
}

/// The encrypted columns of `medical_histories`.
enum HistoryColumn: String, CaseIterable {
    case symptoms, diagnosis, treatment, medicine, doses, notes, prescription

    func context(_ id: HistoryID) -> FieldContext {
        FieldContext(table: "medical_histories", column: rawValue, row: id.rawValue)
    }
}

/// What an entry says, as it is stored: each value sealed with the patient's key.
struct SealedTexts: RowDecodable {
    let symptoms: [UInt8]
    let diagnosis: [UInt8]?
    let treatment: [UInt8]?
    let medicine: [UInt8]?
    let doses: [UInt8]?
    let notes: [UInt8]?
    /// JSON.
    let prescription: [UInt8]?

    static let columns: SQL = "h.symptoms, h.diagnosis, h.treatment, h.medicine, h.doses, h.notes, h.prescription"

    init(row: Row) throws {
        symptoms = try row.value("symptoms")
        diagnosis = try row.value("diagnosis")
        treatment = try row.value("treatment")
        medicine = try row.value("medicine")
        doses = try row.value("doses")
        notes = try row.value("notes")
        prescription = try row.value("prescription")
    }

    init(_ texts: HistoryTexts, of id: HistoryID, with key: PatientKey, _ vault: PatientVault) throws {
        func sealed(_ text: String, _ column: HistoryColumn) throws -> [UInt8] {
            try vault.seal(text, with: key, at: column.context(id))
        }
        symptoms = try sealed(texts.symptoms, .symptoms)
        diagnosis = try texts.diagnosis.map { try sealed($0, .diagnosis) }
        treatment = try texts.treatment.map { try sealed($0, .treatment) }
        medicine = try texts.medicine.map { try sealed($0, .medicine) }
        doses = try texts.doses.map { try sealed($0, .doses) }
        notes = try texts.notes.map { try sealed($0, .notes) }
        prescription =
            try texts.prescription.isEmpty
            ? nil : sealed(SealedJSON.text(texts.prescription), .prescription)
    }

    /// `nil` once the patient is erased, or when the key is lost. Throws ``Cryptography/IntegrityFailure``.
    func open(of id: HistoryID, with key: PatientKey, _ vault: PatientVault) throws -> HistoryTexts? {
        func opened(_ sealed: [UInt8]?, _ column: HistoryColumn) throws -> String? {
            try sealed.flatMap { try vault.open($0, with: key, at: column.context(id)) }
        }
        guard let symptoms = try opened(symptoms, .symptoms) else { return nil }
        let prescribed: [PrescribedMedicine]? = try opened(prescription, .prescription).map {
            try SealedJSON.value($0, at: HistoryColumn.prescription.context(id))
        }
        return HistoryTexts(
            symptoms: symptoms, diagnosis: try opened(diagnosis, .diagnosis),
            treatment: try opened(treatment, .treatment), medicine: try opened(medicine, .medicine),
            doses: try opened(doses, .doses), notes: try opened(notes, .notes), prescription: prescribed ?? [])
    }
}

/// Values that are sealed as JSON.
enum SealedJSON {
    static func text(_ value: some Encodable) throws -> String {
        String(decoding: try JSONBodyEncoder.encode(value), as: UTF8.self)
    }

    /// Throws ``Cryptography/IntegrityFailure`` for what ``text(_:)`` has not made.
    static func value<Value: Decodable>(_ text: String, at context: FieldContext) throws -> Value {
        do {
            return try JSONBodyDecoder.decode(Value.self, from: Array(text.utf8))
        } catch {
            throw IntegrityFailure(context)
        }
    }
}
