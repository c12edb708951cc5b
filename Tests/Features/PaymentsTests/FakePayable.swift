import CareSyncCore
import FeatureContract
import Persistence

/// Things that cost money, in a table of the tests' own: DUE, PAID or OVER.
struct FakePayable: Payable {
    static let kind = PayableKind.appointment

    static func makeTable(_ db: any Connection) throws {
        let d = db.dialect
        try db.run(
            """
            CREATE TABLE fake_payables (
                number \(d.integer) PRIMARY KEY, patient_id \(d.integer) NOT NULL, amount \(d.integer) NOT NULL,
                state \(d.text) NOT NULL, made_at \(d.instant) NOT NULL
            )\(d.strict)
            """)
    }

    static func add(_ number: Int64, _ patient: PatientID, _ amount: Int64, _ db: any Connection) throws {
        try db.run(
            """
            INSERT INTO fake_payables (number, patient_id, amount, state, made_at)
            VALUES (\(number), \(patient), \(amount), 'DUE', \(db.now))
            """)
    }

    func find(_ number: Int64, _ db: any Connection) throws -> PayableState? { try state(number, "", db) }

    func lock(_ number: Int64, _ db: any Connection) throws -> PayableState? {
        try state(number, db.dialect.forUpdate(of: "f"), db)
    }

    private func state(_ number: Int64, _ lock: SQL, _ db: any Connection) throws -> PayableState? {
        let row: FakeRow? = try db.first(
            "SELECT patient_id, amount, state FROM fake_payables f WHERE number = \(number)\(lock)")
        return row?.state
    }

    func settle(_ number: Int64, origin: RequestOrigin, _ db: any Connection) throws -> Bool {
        try db.run("UPDATE fake_payables SET state = 'PAID' WHERE number = \(number) AND state = 'DUE'") == 1
    }

    func refunded(_ number: Int64, _ db: any Connection) throws {}

    func unpaid(of patient: PatientID, amount: Money, since: Instant, _ db: any Connection) throws -> Int64? {
        try db.value(
            """
            SELECT number FROM fake_payables
            WHERE patient_id = \(patient) AND amount = \(amount) AND state = 'DUE' AND made_at >= \(since)
            ORDER BY made_at DESC, number DESC LIMIT 1
            """)
    }

    func isVisible(_ number: Int64, to doctor: DoctorID, _ db: any Connection) throws -> Bool { false }

    private struct FakeRow: RowDecodable {
        let state: PayableState

        init(row: Row) throws {
            let patient: PatientID = try row.value("patient_id")
            let amount: Money = try row.value("amount")
            let word: String = try row.value("state")
            state = PayableState(
                patient: patient, amount: amount, standing: word == "DUE" ? .due : word == "PAID" ? .paid : .over,
                heldUntil: nil, terms: .standard, title: "Consultation")
        }
    }
}
