import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Directory
import FeatureContract
import HTTPTypes
import Persistence
import Synchronization
import Testing

@testable import Diagnostics

/// A clinic with two lab tests, and a doctor who treats the patient, at 08:00 on 2026-03-10.
struct Lab {
    let app: TestApp
    let admin: TestUser
    let doctor: TestUser
    let stranger: TestUser
    let patient: TestUser
    let other: TestUser
    /// The appointment of patient and doctor.
    let visit: Int
    /// 500 and 250.50 rupees.
    let tests: [Int]
    /// What payments were told of ended bookings.
    let ended: Ended

    final class Ended: Sendable {
        private let events = Mutex([PayableEnded]())
        var all: [PayableEnded] { events.withLock { $0 } }
        func add(_ event: PayableEnded) { events.withLock { $0.append(event) } }
    }

    static let both = "750.5"

    func body(_ more: String = "", tests chosen: [Int]? = nil) -> String {
        let list = (chosen ?? tests).map(String.init).joined(separator: ",")
        return #"{"selectedTestIds":[\#(list)]\#(more.isEmpty ? "" : ",")\#(more)}"#
    }

    func book(
        _ more: String = "", tests chosen: [Int]? = nil, as user: TestUser? = nil, key: String? = nil
    ) async throws -> TestResponse {
        try await app.send(
            .post, "/api/bookings", as: user ?? patient, headers: key.map { ["Idempotency-Key": $0] } ?? [:],
            body: body(more, tests: chosen))
    }

    /// The number of a new booking of the patient's.
    func booked(_ more: String = "") async throws -> Int {
        let answer = try await book(more)
        return try #require(answer["id"].int, "\(answer.text)")
    }

    /// The number of a new booking that the doctor has prescribed.
    func prescribed() async throws -> Int {
        let answer = try await app.send(
            .post, "/api/bookings/doctor", as: doctor, body: body(#""patientId":\#(patient.id)"#))
        return try #require(answer["id"].int, "\(answer.text)")
    }

    func find(_ id: Int, as user: TestUser? = nil) async throws -> TestResponse {
        try await app.get("/api/bookings/\(id)", as: user ?? patient)
    }

    func ids(_ list: String, as user: TestUser) async throws -> [Int] {
        let answer = try await app.get("/api/bookings\(list)", as: user)
        #expect(answer.status == 200, "\(answer.text)")
        return answer.json.list.compactMap { $0["id"].int }
    }

    func cancel(_ id: Int, as user: TestUser? = nil) async throws -> TestResponse {
        try await app.send(.put, "/api/bookings/\(id)/cancel", as: user ?? patient, body: "{}")
    }

    func setStatus(_ id: Int, _ query: String, as user: TestUser, body: String = "{}") async throws -> TestResponse {
        try await app.send(.put, "/api/bookings/\(id)/status?status=\(query)", as: user, body: body)
    }

    /// The money of a booking comes, as payments tell it.
    @discardableResult
    func settle(_ id: Int) async throws -> Bool {
        try await app.database.write { db in
            _ = try LabBookingPayable().lock(Int64(id), db)
            return try LabBookingPayable().settle(Int64(id), origin: .system("test"), db)
        }
    }

    /// The same, with a payment that has come.
    func pay(_ id: Int) async throws {
        try await app.database.write { [patient, time = app.time] db in
            let payment = try db.nextID(IDAllocator("payment_ids"))
            try db.run(
                """
                INSERT INTO payments (id, transaction_id, patient_id, type, method, amount, status, description,
                                      payable_kind, payable_number, terms, order_id, created_at, updated_at,
                                      completed_at)
                VALUES (\(payment), \("TXN_\(payment)"), \(patient.id), 'LAB_TEST', 'UPI', 75050, 'SUCCESS',
                        \([UInt8]([1])), 'LAB_BOOKING', \(Int64(id)), '', \("order_\(payment)"), \(time.now),
                        \(time.now), \(time.now))
                """)
            _ = try LabBookingPayable().settle(Int64(id), origin: .system("test"), db)
        }
    }

    func refunded(_ id: Int) async throws {
        try await app.database.write { db in try LabBookingPayable().refunded(Int64(id), db) }
    }

    func fileReport(_ id: Int, as user: TestUser, for patient: TestUser? = nil) async throws -> TestResponse {
        let form = UploadForm().file(SampleFiles.pdf(), named: "report.pdf").field("bookingId", "\(id)")
            .field("patientId", "\((patient ?? self.patient).id)")
        return try await app.upload("/api/files/upload/lab-report", as: user, form.bytes)
    }

    func breakGlass(_ user: TestUser) async throws {
        let opened = try await app.send(
            .post, "/api/break-glass", as: user,
            body: #"{"patientId":\#(patient.id),"reason":"Unconscious after a fall"}"#)
        try #require(opened.status == 200, "\(opened.text)")
    }

    /// Action, row and reason of the audit lines about bookings.
    func audited() async throws -> [String] {
        try await app.database.read { db in
            var lines: [String] = []
            try db.query("SELECT action, entity_id, reason FROM audit_log WHERE entity = 'lab_bookings'") { row in
                let (action, id): (String, String) = (try row.value("action"), try row.value("entity_id"))
                let reason: String? = try row.value("reason")
                lines.append([action, id, reason ?? ""].filter { !$0.isEmpty }.joined(separator: " "))
            }
            return lines
        }
    }
}

func withLab(
    _ kind: DatabaseKind, environment: [String: String] = [:], _ body: @escaping @Sendable (Lab) async throws -> Void
) async throws {
    try await withApp(kind, environment: environment) { app in
        let (admin, patient) = (try await app.admin(), try await app.registerPatient())
        let doctor = try await app.registerDoctor(["firstName": "Meera", "lastName": "Iyer", "contactInfo": "+91 11"])
        let visit = try await app.send(
            .post, "/api/appointments/patient/book", as: patient,
            body: #"{"doctorId":\#(doctor.id),"appointmentDateTime":"2026-03-11T10:00:00","reason":"Cough"}"#)
        let appointment = try #require(visit["appointmentId"].int, "\(visit.text)")
        var tests: [Int] = []
        for (name, price) in [("Iron", "500"), ("Zinc", "250.5")] {
            let added = try await app.send(
                .post, "/api/lab-tests", as: admin, body: #"{"testName":"\#(name)","price":\#(price)}"#)
            tests.append(try #require(added["id"].int, "\(added.text)"))
        }
        let ended = Lab.Ended()
        app.database.services.events.subscribe(to: PayableEnded.self) { event, _ in ended.add(event) }
        try await body(
            Lab(
                app: app, admin: admin, doctor: doctor, stranger: try await app.registerDoctor(), patient: patient,
                other: try await app.registerPatient(), visit: appointment, tests: tests, ended: ended))
    }
}
