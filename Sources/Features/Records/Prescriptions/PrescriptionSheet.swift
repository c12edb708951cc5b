import CareSyncCore
import Directory
import Persistence

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

    let doctorName: String
    let doctorSpecialization: String?
    let doctorContactInfo: String?
    /// Degrees, such as `MBBS, MD`; `nil` when the doctor's profile names none.
    let qualification: String?
    /// The number of the doctor's licence; `nil` when the doctor's profile names none.
    let registrationNumber: String?
    let patientName: String
    /// In whole years on the day of the visit; `nil` when the birth date is not known.
    let patientAge: Int?
    let patientSex: String?
    /// What the patient does not tolerate; `nil` when nobody has recorded whether there is anything.
    let allergies: [String]?
    let date: LocalDate
    let diagnosis: String?
    let lines: [Line]
    /// What was prescribed in free text.
    let medicine: String?
    let doses: String?
    /// Where whoever holds the sheet can check it; printed as a QR code.
    let verificationURL: String
}

/// What a doctor's profile says of the right to prescribe.
struct DoctorLicence: Sendable {
    let qualification: String?
    let registrationNumber: String?

    static func find(_ doctor: DoctorID, _ db: any Connection) throws -> DoctorLicence {
        let degrees: [String] = try db.values(
            """
            SELECT degree FROM doctor_educations WHERE doctor_id = \(doctor) ORDER BY year_of_completion, id LIMIT 10
            """)
        let registration: String? = try db.value(
            """
            SELECT credential_id FROM doctor_certificates
            WHERE doctor_id = \(doctor) AND credential_id IS NOT NULL ORDER BY id LIMIT 1
            """)
        return DoctorLicence(
            qualification: degrees.isEmpty ? nil : degrees.joined(separator: ", "), registrationNumber: registration)
    }
}

extension PrescriptionSheet {
    init(
        _ entry: HistoryEntry, _ texts: HistoryTexts, of patient: PatientCard, by licence: DoctorLicence,
        allergies: [Allergy]?, verificationURL: String
    ) {
        let record = entry.record
        doctorName = record.doctorName
        doctorSpecialization = record.doctorSpecialization
        doctorContactInfo = record.doctorContactInfo
        qualification = licence.qualification
        registrationNumber = licence.registrationNumber
        patientName = patient.name
        patientAge = patient.dateOfBirth.map { Self.age(on: record.visitDate, born: $0) }
        patientSex = patient.gender
        self.allergies = allergies.map { $0.map(\.printed) }
        date = record.visitDate
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

    private static func age(on date: LocalDate, born birth: LocalDate) -> Int {
        let hadBirthday = (date.month, date.day) >= (birth.month, birth.day)
        return max(0, date.year - birth.year - (hadBirthday ? 0 : 1))
    }
}

extension PrescriptionPage {
    init(_ sheet: PrescriptionSheet) {
        self.init(
            prescriber: Prescriber(
                name: sheet.doctorName,
                qualification: TextSort.content(
                    of: [sheet.qualification, sheet.doctorSpecialization].compactMap(\.self).joined(separator: ", ")),
                registrationNumber: sheet.registrationNumber, clinic: nil, contact: sheet.doctorContactInfo),
            recipient: Recipient(
                name: sheet.patientName, age: sheet.patientAge, sex: sheet.patientSex, allergies: sheet.allergies),
            date: sheet.date, diagnosis: sheet.diagnosis,
            items: sheet.lines.map {
                Item(
                    medicine: $0.medicine, dose: $0.dose, frequency: $0.frequency, duration: $0.duration,
                    instructions: $0.instructions)
            },
            notes: [sheet.medicine, sheet.doses].compactMap(\.self), verificationAddress: sheet.verificationURL)
    }
}
