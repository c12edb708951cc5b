import CareSyncCore
import Cryptography
import Directory
import FeatureContract
import Persistence

/// Who looks at payments.
enum PaymentReader: Sendable {
    case patient(PatientID)
    /// Sees payments of what they prescribed or hold.
    case doctor(DoctorID)
    case administrator

    init(_ principal: Principal) throws {
        switch principal.role {
        case .patient: self = .patient(try principal.requirePatient())
        case .doctor: self = .doctor(try principal.requireDoctor())
        case .admin: self = .administrator
        }
    }

    /// Whether the payment is the reader's own, so that a look at it is no access by somebody else.
    func isOwner(of payment: Payment) -> Bool {
        if case .patient(let id) = self { payment.patientID == id } else { false }
    }

    func maySee(_ payment: Payment, _ context: PaymentContext, _ db: any Connection) throws -> Bool {
        switch self {
        case .patient(let id): return payment.patientID == id
        case .administrator: return true
        case .doctor(let id):
            guard let payable = payment.payable else { return false }
            return try context.payable(payable).isVisible(payable.number, to: id, db)
        }
    }
}

/// A payment as it is shown.
struct ShownPayment: Sendable {
    let payment: Payment
    let patientName: String
    let description: String
    let upiID: String?
    /// Where it can be paid; only in the answer that makes it.
    var isNew = false
}

/// Opens payments for those who may see them.
struct PaymentOpening: Sendable {
    let context: PaymentContext

    struct Sealed: RowDecodable {
        let payment: Payment
        let patient: SealedPatient

        init(row: Row) throws {
            payment = try Payment(row: row)
            patient = try SealedPatient(row: row)
        }

        static let columns: SQL = "\(Payment.columns), \(SealedPatient.columns)"
    }

    /// Throws ``Cryptography/IntegrityFailure`` when a value does not open.
    func shown(_ id: PaymentID, _ db: any Connection) throws -> ShownPayment {
        let sealed: Sealed? = try db.first(
            """
            SELECT \(Sealed.columns) FROM payments y JOIN patients p ON p.id = y.patient_id WHERE y.id = \(id)
            """)
        guard let sealed else { throw PaymentError.notFound }
        _ = try context.vault.key(for: sealed.payment.patientID, db)
        return try open([sealed], db)[0]
    }

    /// In the same order. A patient whose key is lost has no name, and an erased one no description.
    func open(_ rows: [Sealed], _ db: any Connection) throws -> [ShownPayment] {
        let keys = try context.vault.keys(for: rows.map(\.payment.patientID), db)
        let cards = try context.vault.open(rows.map(\.patient), db)
        return try zip(rows, cards).map { row, card in
            let payment = row.payment
            func text(_ sealed: [UInt8]?, _ field: FieldContext) throws -> String? {
                try sealed.flatMap { sealed in
                    try keys[payment.patientID].flatMap { try context.vault.open(sealed, with: $0, at: field) }
                }
            }
            return ShownPayment(
                payment: payment, patientName: card?.name ?? "",
                description: try text(payment.sealedDescription, PaymentContext.descriptionField(payment.id)) ?? "",
                upiID: try text(payment.sealedUPIID, PaymentContext.upiField(payment.id)))
        }
    }
}
