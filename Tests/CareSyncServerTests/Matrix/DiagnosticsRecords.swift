import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

/// A retired lab test, and tests that the treating doctor has prescribed to the owner.
enum DiagnosticsRecords: MatrixFixture {
    static let requests = [
        "POST /api/lab-tests": #"{"testName":"Ferritin","price":450}"#,
        "PUT /api/lab-tests/{id}": #"{"testName":"Zinc","price":600}"#,
        "POST /api/lab-tests/calculate-price": "[{labTestId}]",
        "POST /api/bookings": booking,
        "POST /api/bookings/doctor": booking,
        "GET /api/bookings/date-range": "?startDate=2026-01-01T00:00:00&endDate=2026-12-31T00:00:00",
        "PUT /api/bookings/{bookingId}/status": "?status=CANCELLED",
    ]

    private static let booking = #"{"patientId":{patientId},"selectedTestIds":[{labTestId}]}"#

    static func clear(_ cast: MatrixCast, _ db: any Connection) throws {
        try db.run("DELETE FROM lab_booking_tests")
        try db.run("DELETE FROM lab_bookings")
    }

    static func plant(for cast: MatrixCast, in app: TestApp) async throws -> PlantedRecords {
        try await app.database.write { db in _ = try db.run("DELETE FROM lab_tests") }
        func add(_ name: String, _ active: Bool) async throws -> Int {
            let added = try await app.send(
                .post, "/api/lab-tests", as: cast.admin,
                body: #"{"testName":"\#(name)","price":500,"isActive":\#(active)}"#)
            return try #require(added["id"].int, "\(added.text)")
        }
        let retired = try await add("Zinc", false)
        let offered = try await add("Iron", true)
        let prescribed = try await app.send(
            .post, "/api/bookings/doctor", as: cast.treatingDoctor,
            body: """
                {"patientId":\(cast.owner.id),"selectedTestIds":[\(offered)],"notes":"matrix-lab-tamarind"}
                """)
        let booking = try #require(prescribed["id"].int, "\(prescribed.text)")
        return PlantedRecords(
            values: ["labTestId": "\(offered)", "bookingId": "\(booking)", "userId": "\(cast.owner.id)"],
            ids: [("/api/lab-tests/", "\(retired)")],
            state: [
                "SELECT version FROM lab_tests WHERE id = \(retired)", "SELECT count(*) FROM lab_tests",
                "SELECT version FROM lab_bookings WHERE id = \(booking)", "SELECT count(*) FROM lab_bookings",
            ])
    }
}
