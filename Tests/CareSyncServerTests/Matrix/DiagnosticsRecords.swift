import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

/// A retired lab test.
enum DiagnosticsRecords: MatrixFixture {
    static let requests = [
        "POST /api/lab-tests": #"{"testName":"Ferritin","price":450}"#,
        "PUT /api/lab-tests/{id}": #"{"testName":"Zinc","price":600}"#,
        "POST /api/lab-tests/calculate-price": "[{labTestId}]",
    ]

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
        return PlantedRecords(
            values: ["labTestId": "\(offered)"], ids: [("/api/lab-tests/", "\(retired)")],
            state: ["SELECT version FROM lab_tests WHERE id = \(retired)", "SELECT count(*) FROM lab_tests"])
    }
}
