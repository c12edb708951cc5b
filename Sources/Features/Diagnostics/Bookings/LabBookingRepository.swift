import CareSyncCore
import Directory
import Persistence

/// The SQL of single bookings.
struct LabBookingRepository {
    let db: any Connection

    /// A test of a booking, at the price it had then.
    struct BookedTest: RowDecodable {
        let booking: LabBookingID
        let test: LabTest

        init(row: Row) throws {
            booking = try row.value("booking_id")
            test = try LabTest(row: row)
        }
    }

    /// A test as it can be booked at this moment.
    struct Offer: RowDecodable {
        let id: LabTestID
        let price: Money
        let isActive: Bool

        init(row: Row) throws {
            id = try row.value("id")
            price = try row.value("price")
            isActive = try row.value("is_active")
        }
    }

    func find(_ id: LabBookingID) throws -> LabBooking? {
        try db.first("SELECT \(LabBooking.columns) FROM lab_bookings b WHERE b.id = \(id)")
    }

    /// Locked until the end of the transaction. Who needs the patient's row locks it before (rules/persistence 4).
    func lock(_ id: LabBookingID) throws -> LabBooking? {
        try db.first(
            "SELECT \(LabBooking.columns) FROM lab_bookings b WHERE b.id = \(id)\(db.dialect.forUpdate(of: "b"))")
    }

    /// The tests with these numbers, retired ones included.
    func offers(_ ids: [LabTestID]) throws -> [Offer] {
        try db.all("SELECT id, price, is_active FROM lab_tests WHERE id IN \(in: ids)")
    }

    /// Everything that is offered, by name.
    func allOffers() throws -> [Offer] {
        try db.all("SELECT id, price, is_active FROM lab_tests WHERE is_active ORDER BY name_key, id")
    }

    /// The tests of bookings, in the order in which they were chosen.
    func tests(of bookings: [LabBookingID]) throws -> [BookedTest] {
        try db.all(Self.tests(of: bookings))
    }

    static func tests(of bookings: [LabBookingID]) -> SQL {
        """
        SELECT t.id, t.name, bt.price, t.description, t.is_active, t.version, t.created_at, t.updated_at, bt.booking_id
        FROM lab_booking_tests bt JOIN lab_tests t ON t.id = bt.lab_test_id
        WHERE bt.booking_id IN \(in: bookings) ORDER BY bt.booking_id, bt.position
        """
    }

    /// `nil` when there is no such patient.
    func isActive(_ patient: PatientID) throws -> Bool? {
        try db.value("SELECT u.is_active FROM patients p JOIN users u ON u.id = p.id WHERE p.id = \(patient)")
    }

    /// `false` when the request that is named has made a booking.
    func insert(
        _ id: LabBookingID, _ order: LabBookingOrder, for total: Money, at start: Instant, notes: [UInt8]?,
        request: LabBookingRequestKey?, by username: String
    ) throws -> Bool {
        let now = db.now
        return try db.run(
            """
            INSERT INTO lab_bookings (id, patient_id, doctor_id, total_price, booked_for, status, notes, request_key,
                                      request_body, created_at, updated_at, status_changed_by)
            VALUES (\(id), \(order.patient), \(order.doctor), \(total), \(start), 'PENDING', \(notes),
                    \(request?.key), \(request?.body), \(now), \(now), \(username))
            ON CONFLICT (request_key) DO NOTHING
            """) == 1
    }

    func insert(_ tests: [Offer], of booking: LabBookingID) throws {
        let rows = tests.enumerated().map { position, test -> SQL in
            "(\(booking), \(position), \(test.id), \(test.price))"
        }
        try db.run(
            """
            INSERT INTO lab_booking_tests (booking_id, position, lab_test_id, price)
            VALUES \(SQL.joined(rows, separator: ", "))
            """)
    }

    /// Of a locked booking.
    func changeStatus(of booking: LabBooking, to status: LabBookingStatus, by username: String) throws {
        let now = db.now
        try db.run(
            """
            UPDATE lab_bookings
            SET status = \(status), status_changed_at = \(now), status_changed_by = \(username), updated_at = \(now),
                version = version + 1
            WHERE id = \(booking.id)
            """)
    }

    /// The patient of a locked booking wants the money back.
    func markReturned(_ booking: LabBooking) throws {
        let now = db.now
        try db.run(
            """
            UPDATE lab_bookings SET returned_at = \(now), updated_at = \(now), version = version + 1
            WHERE id = \(booking.id)
            """)
    }
}

// MARK: - Requests that have made a booking

/// A request with an Idempotency-Key, by codes.
struct LabBookingRequestKey: Sendable, Equatable {
    /// Of account, route and key.
    let key: [UInt8]
    /// Of what was sent.
    let body: [UInt8]

    /// As payments tell requests apart: 32 bytes for the key, then those for the body.
    init(_ code: [UInt8]) {
        key = Array(code.prefix(32))
        body = Array(code.dropFirst(32))
    }
}

extension LabBookingRepository {
    struct Made: RowDecodable {
        let id: LabBookingID
        let body: [UInt8]
        let createdAt: Instant

        init(row: Row) throws {
            id = try row.value("id")
            body = try row.value("request_body")
            createdAt = try row.value("created_at")
        }
    }

    func made(under key: [UInt8]) throws -> Made? {
        try db.first("SELECT id, request_body, created_at FROM lab_bookings WHERE request_key = \(key)")
    }

    /// From now on the key may make another booking.
    func forgetRequest(of booking: LabBookingID) throws {
        try db.run("UPDATE lab_bookings SET request_key = NULL, request_body = NULL WHERE id = \(booking)")
    }
}
