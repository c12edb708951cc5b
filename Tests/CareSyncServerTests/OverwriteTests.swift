import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

/// Nothing is written over what cannot be read (rules/patient-data 9), wherever something sealed is replaced.
@Suite("Damaged values are not written over")
struct OverwriteTests {
    private struct Place: Sendable {
        let table: SQL
        let column: SQL
        let path: String
        let body: String

        func stored(in app: TestApp) async throws -> [UInt8]? {
            try await app.database.read { db in try db.value("SELECT \(column) FROM \(table)") }
        }
    }

    private static func plant(_ app: TestApp, _ doctor: TestUser, _ patient: TestUser) async throws -> [Place] {
        let base = "/api/patients/\(patient.id)"
        for (list, body) in [("allergies", #"[{"substance":"Dust"}]"#), ("medications", #"[{"medicine":"X"}]"#)] {
            let set = try await app.send(.put, "\(base)/\(list)", as: patient, body: body)
            try #require(set.status == 200, "\(set.text)")
        }
        let form = UploadForm().file(SampleFiles.pdf(), named: "report.pdf").field("description", "Blood test")
        let filed = try await app.upload("\(base)/upload/lab-report", as: patient, form.bytes)
        let file = try #require(filed["id"].int, "\(filed.text)")
        let booked = try await app.send(
            .post, "/api/appointments/patient/book", as: patient,
            body: #"{"doctorId":\#(doctor.id),"appointmentDateTime":"2026-03-11T10:00:00","reason":"Cough"}"#)
        let visit = try #require(booked["appointmentId"].int, "\(booked.text)")
        try await app.database.write { db in
            _ = try db.run("UPDATE appointments SET status = 'COMPLETED' WHERE id = \(visit)")
        }
        let reviewed = try await app.send(
            .post, "/api/feedback", as: patient, body: #"{"appointmentId":\#(visit),"rating":5,"comment":"Kind"}"#)
        let review = try #require(reviewed["id"].int, "\(reviewed.text)")
        return [
            Place(table: "patient_health", column: "allergies", path: base + "/allergies", body: "[]"),
            Place(table: "patient_health", column: "medications", path: base + "/medications", body: "[]"),
            Place(
                table: "documents", column: "description", path: "/api/files/\(file)/description?description=New",
                body: "{}"),
            Place(table: "documents", column: "name", path: "/api/files/\(file)/description?description=", body: "{}"),
            Place(table: "reviews", column: "comment", path: "/api/feedback/\(review)", body: #"{"comment":"New"}"#),
            Place(table: "reviews", column: "comment", path: "/api/feedback/\(review)", body: #"{"comment":null}"#),
        ]
    }

    @Test("a change of any of them is DATA_INTEGRITY, and nothing is written", arguments: DatabaseKind.available)
    func refused(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let (doctor, patient) = (try await app.registerDoctor(), try await app.registerPatient())
            for place in try await Self.plant(app, doctor, patient) {
                let whole = try #require(try await place.stored(in: app))
                var damaged = whole
                damaged[damaged.count - 1] ^= 1
                try await Self.set(place, damaged, in: app)
                let answer = try await app.send(.put, place.path, as: patient, body: place.body)
                #expect(answer.status == 500, "\(place.path): \(answer.text)")
                #expect(answer.problemCode == "DATA_INTEGRITY")
                #expect(try await place.stored(in: app) == damaged, "\(place.path)")
                try await Self.set(place, whole, in: app)
            }
        }
    }

    private static func set(_ place: Place, _ bytes: [UInt8], in app: TestApp) async throws {
        try await app.database.write { db in
            _ = try db.run("UPDATE \(place.table) SET \(place.column) = \(bytes)")
        }
    }
}
