import AuditTrail
import CareSyncCore
import FeatureContract
import Persistence

/// How a list of payments is ordered.
struct PaymentOrdering: Sendable {
    enum Column: String, Codable, Sendable, CaseIterable {
        case createdAt, amount, id
    }

    enum Direction: String, Codable, Sendable, CaseIterable {
        case asc, desc
    }

    let column: Column
    let direction: Direction

    /// Ends in a column that tells any two payments apart.
    var sql: SQL {
        switch (column, direction) {
        case (.createdAt, .asc): "y.created_at, y.id"
        case (.createdAt, .desc): "y.created_at DESC, y.id DESC"
        case (.amount, .asc): "y.amount, y.id"
        case (.amount, .desc): "y.amount DESC, y.id DESC"
        case (.id, .asc): "y.id"
        case (.id, .desc): "y.id DESC"
        }
    }
}

/// Payments page by page, and one by one.
struct PaymentListing: Sendable {
    let context: PaymentContext
    private var opening: PaymentOpening { PaymentOpening(context: context) }

    /// A payment by the number of its transaction. An unknown one is like somebody else's.
    func find(_ transaction: String, for reader: PaymentReader, origin: RequestOrigin) async throws -> ShownPayment {
        try await context.database.readAudited { db in
            try shown(PaymentRepository(db: db).find(transaction: transaction), reader, origin, db)
        }
    }

    /// Of the payments of a laboratory booking the one that counts.
    func latest(of booking: Int64, for reader: PaymentReader, origin: RequestOrigin) async throws -> ShownPayment {
        try await context.database.readAudited { db in
            try shown(
                PaymentRepository(db: db).latest(of: PayableID(.labBooking, booking)), reader, origin, db)
        }
    }

    private func shown(
        _ payment: Payment?, _ reader: PaymentReader, _ origin: RequestOrigin, _ db: any Connection
    ) throws -> (value: ShownPayment, entries: [AuditEntry]) {
        guard let payment, try reader.maySee(payment, context, db) else { throw PaymentError.notFound }
        let isOwner = reader.isOwner(of: payment)
        let entry = AuditEntry(.readPHI, "payments", "\(payment.id)", by: origin, patient: payment.patientID)
        return (try opening.shown(payment.id, db), isOwner ? [] : [entry])
    }

    /// - Parameter patient: whose payments; `nil` for everybody's.
    func page(
        of patient: PatientID?, by ordering: PaymentOrdering, _ page: PageRequest, for reader: PaymentReader,
        origin: RequestOrigin
    ) async throws -> (payments: [ShownPayment], total: Int) {
        try await context.database.readAudited { db in
            let statements = Self.statements(of: patient, by: ordering, page)
            let rows: [PaymentOpening.Sealed] = try db.all(statements.page)
            let total: Int? = try db.value(statements.total)
            if total == 0, let patient, try !db.exists("SELECT 1 FROM patients WHERE id = \(patient)") {
                throw PaymentError.patientNotFound
            }
            let isForeign = if case .patient = reader { false } else { true }
            let patients = patient.map { [$0] } ?? rows.map(\.payment.patientID)
            let entry = AuditEntry(.readPHI, "payments", "", by: origin, patients: patients)
            return ((try opening.open(rows, db), total ?? 0), isForeign ? [entry] : [])
        }
    }

    /// The rows of a page by an index, and how many there are.
    static func statements(
        of patient: PatientID?, by ordering: PaymentOrdering, _ page: PageRequest
    ) -> (page: SQL, total: SQL) {
        let condition: SQL = patient.map { "y.patient_id = \($0)" } ?? "TRUE"
        return (
            """
            SELECT \(PaymentOpening.Sealed.columns) FROM payments y JOIN patients p ON p.id = y.patient_id
            WHERE y.id IN (SELECT y.id FROM payments y WHERE \(condition)
                           ORDER BY \(ordering.sql) LIMIT \(page.limit) OFFSET \(page.offset))
            ORDER BY \(ordering.sql)
            """,
            "SELECT count(*) FROM payments y WHERE \(condition)"
        )
    }
}
