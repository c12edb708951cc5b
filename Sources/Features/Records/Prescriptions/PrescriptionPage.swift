import CareSyncCore
import PDF
import QRImages

/// A prescription on paper: what was prescribed to whom by whom, with a code by which anybody can check that it is genuine.
struct PrescriptionPage: Sendable {
    /// Who prescribes.
    struct Prescriber: Sendable {
        let name: String
        let qualification: String?
        let registrationNumber: String?
        let clinic: String?
        let contact: String?
    }

    /// For whom.
    struct Recipient: Sendable {
        let name: String
        /// On the day of the visit, such as `34 years`.
        let age: String?
        let sex: String?
        /// `nil` when nobody has recorded whether there are any.
        let allergies: [String]?
    }

    struct Item: Sendable {
        let medicine: String
        let dose: String?
        let frequency: String?
        let duration: String?
        let instructions: String?
    }

    let prescriber: Prescriber
    let recipient: Recipient
    /// The day of the visit.
    let visit: LocalDate
    /// The day that the check of the code tells, too.
    let issued: LocalDate
    let diagnosis: String?
    let items: [Item]
    /// Prescribed in words instead of items, and further advice.
    let notes: [String]
    /// The public page that confirms the prescription.
    let verificationAddress: String

    /// - Parameter now: when the file is made.
    func document(at now: Instant) throws(QRFailure) -> PDFDocument {
        let code = PDFImage(png: try QRImage(verificationAddress).png(scale: 4), width: 96)
        var blocks: [PDFBlock] = [
            .heading("Prescription", level: 1),
            .table(
                PDFTable(
                    columns: [4, 1], rows: [[.text(PDFText(head.joined(separator: "\n"))), .image(code)]],
                    hasLines: false)),
            .rule,
            .table(PDFTable(columns: [1, 4], rows: facts, hasLines: false)),
        ]
        if !items.isEmpty { blocks += [.heading("Medicines", level: 2), .table(table)] }
        for note in notes { blocks.append(.paragraph(PDFText(note))) }
        blocks += [
            .space(36), .paragraph(PDFText(prescriber.name, isBold: true, alignment: .end)),
            .paragraph(PDFText("Scan the code or open \(verificationAddress) to check this prescription.", size: 8)),
        ]
        return PDFDocument(
            title: "Prescription of \(issued)", author: prescriber.name, createdAt: now,
            footer: "\(recipient.name), \(issued)", blocks: blocks)
    }

    private var head: [String] {
        [
            prescriber.name, prescriber.qualification,
            prescriber.registrationNumber.map { "Registration number \($0)" }, prescriber.clinic, prescriber.contact,
        ].compactMap(\.self)
    }

    private var facts: [[PDFCell]] {
        let person = [recipient.name, recipient.age, recipient.sex].compactMap(\.self)
        let known: String =
            switch recipient.allergies {
            case nil: "Not recorded"
            case let allergies? where allergies.isEmpty: "None known"
            case let allergies?: allergies.joined(separator: ", ")
            }
        let rows: [(String, String?)] = [
            ("Visit", "\(visit)"), ("Issued", "\(issued)"), ("Patient", person.joined(separator: ", ")),
            ("Allergies", known),
            ("Diagnosis", diagnosis),
        ]
        return rows.compactMap { name, value in
            value.map { [.text(PDFText(name, isBold: true)), .text(PDFText($0, isBold: name == "Allergies"))] }
        }
    }

    private var table: PDFTable {
        let rows = items.enumerated().map { index, item -> [PDFCell] in
            let texts =
                ["\(index + 1)", item.medicine]
                + [item.dose, item.frequency, item.duration, item.instructions]
                .map { $0 ?? "" }
            return texts.map { .text(PDFText($0)) }
        }
        return PDFTable(
            // Room for two digits.
            columns: [items.count < 10 ? 1 : 1.5, 6, 3, 4, 3, 6],
            header: ["", "Medicine", "Dose", "Frequency", "Duration", "Instructions"], rows: rows)
    }
}
