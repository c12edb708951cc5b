import CareSyncCore
import Directory

/// What a printed prescription says. It is health data: it is never logged or cached.
struct PrescriptionSheet: Sendable, Equatable {
    /// One medicine of it.
    struct Line: Sendable, Equatable {
        let medicine: String
        let dose: String?
        let frequency: String?
        let duration: String?
        let instructions: String?
    }

    /// As the doctor was called and qualified on the day of issue.
    let doctor: DoctorLicence
    let doctorContactInfo: String?
    let patientName: String
    /// On the day of the visit; `nil` when the birth date is not known.
    let patientAge: String?
    let patientSex: String?
    /// What the patient does not tolerate; `nil` when nobody has recorded whether there is anything.
    let allergies: [String]?
    /// The day of the visit.
    let visit: LocalDate
    let issued: LocalDate
    let diagnosis: String?
    let lines: [Line]
    /// What was prescribed in free text.
    let medicine: String?
    let doses: String?
    /// Where whoever holds the sheet can check it; printed as a QR code.
    let verificationURL: String
}

extension PrescriptionSheet {
    init(
        _ entry: HistoryEntry, _ texts: HistoryTexts, of patient: PatientCard, by doctor: DoctorLicence,
        issued: LocalDate, allergies: [Allergy]?, verificationURL: String
    ) {
        let record = entry.record
        self.doctor = doctor
        doctorContactInfo = record.doctorContactInfo
        patientName = patient.name
        patientAge = patient.dateOfBirth.map { Self.age(on: record.visitDate, born: $0) }
        patientSex = patient.gender
        self.allergies = allergies.map { $0.map(\.printed) }
        visit = record.visitDate
        self.issued = issued
        diagnosis = texts.diagnosis
        lines = texts.prescription.map {
            Line(
                medicine: $0.medicine, dose: $0.dose, frequency: $0.frequency, duration: $0.duration,
                instructions: $0.instructions)
        }
        medicine = texts.medicine
        doses = texts.doses
        self.verificationURL = verificationURL
    }

    /// In whole years; of small children, whose doses go by it, in months.
    static func age(on date: LocalDate, born birth: LocalDate) -> String {
        let months = (date.year - birth.year) * 12 + date.month - birth.month - (date.day < birth.day ? 1 : 0)
        guard months < 24 else { return "\(months / 12) years" }
        return months == 1 ? "1 month" : "\(max(0, months)) months"
    }
}

extension PrescriptionPage {
    init(_ sheet: PrescriptionSheet) {
        self.init(
            prescriber: Prescriber(
                name: sheet.doctor.name,
                qualification: TextSort.content(
                    of: [sheet.doctor.qualification, sheet.doctor.specialization].compactMap(\.self)
                        .joined(separator: ", ")),
                registrationNumber: sheet.doctor.registrationNumber, clinic: nil, contact: sheet.doctorContactInfo),
            recipient: Recipient(
                name: sheet.patientName, age: sheet.patientAge, sex: sheet.patientSex, allergies: sheet.allergies),
            visit: sheet.visit, issued: sheet.issued, diagnosis: sheet.diagnosis,
            items: sheet.lines.map {
                Item(
                    medicine: $0.medicine, dose: $0.dose, frequency: $0.frequency, duration: $0.duration,
                    instructions: $0.instructions)
            },
            notes: [sheet.medicine, sheet.doses].compactMap(\.self), verificationAddress: sheet.verificationURL)
    }
}
