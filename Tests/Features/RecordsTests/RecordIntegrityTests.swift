import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

@testable import Records

@Suite("Damaged records")
struct RecordIntegrityTests {
    /// A sealed column with a request that shows it and, where there is one, a request that would write over it.
    private struct Place: Sendable {
        let table: SQL
        let column: SQL
        let path: String
        var overwrite: (path: String, body: String)?

        var name: String { "\(table.text).\(column.text)" }
    }

    /// A record with something in every sealed column.
    private static func plant(_ practice: Practice) async throws -> [Place] {
        var entry = practice.entry
        entry.treatment = "Rest"
        entry.medicine = "Amoxicillin"
        entry.doses = "1-1-1"
        entry.notes = "Smoker"
        entry.prescription = [Practice.Medicine()]
        let id = try await practice.written(entry)
        let path = "/api/medical-history/\(id)"
        #expect(try await practice.update(id, #"{"notes":"Smokes"}"#).status == 200)
        let amended = try await practice.app.post(
            path + "/amendments", as: practice.doctor, json: ["text": "More"])
        #expect(amended.status == 201)
        let base = "/api/patients/\(practice.patient.id)"
        for (list, body) in [("allergies", #"[{"substance":"Dust"}]"#), ("medications", #"[{"medicine":"X"}]"#)] {
            #expect(
                try await practice.app.send(.put, "\(base)/\(list)", as: practice.patient, body: body).status == 200)
        }
        #expect(try await practice.record(#"{"weight":70}"#).status == 200)
        return HistoryColumn.allCases.map {
            Place(
                table: "medical_histories", column: SQL(stringLiteral: $0.rawValue), path: path,
                overwrite: (path, #"{"notes":"Something else"}"#))
        } + [
            Place(table: "medical_history_versions", column: "content", path: path + "/versions"),
            Place(table: "medical_history_amendments", column: "text", path: path),
            Place(
                table: "patient_health", column: "allergies", path: base + "/allergies",
                overwrite: (base + "/allergies", "[]")),
            Place(
                table: "patient_health", column: "medications", path: base + "/medications",
                overwrite: (base + "/medications", "[]")),
            Place(table: "vitals", column: "measurements", path: "/api/vitals/patient/\(practice.patient.id)"),
        ]
    }

    @Test(
        "a flipped byte of any sealed value is found, named, never shown and never written over",
        arguments: DatabaseKind.available)
    func flipped(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let app = practice.app
            for place in try await Self.plant(practice) {
                let stored: [UInt8] = try #require(
                    try await app.database.read { db in
                        try db.value("SELECT \(place.column) FROM \(place.table)")
                    })
                for index in stored.indices {
                    var damaged = stored
                    damaged[index] ^= 1
                    try await Self.set(place, to: damaged, in: app)
                    let answer = try await app.get(place.path, as: practice.doctor)
                    #expect(answer.status == 500, "\(place.name) at \(index)")
                    #expect(answer.problemCode == "DATA_INTEGRITY")
                    if index == 0, let overwrite = place.overwrite {
                        let refused = try await app.send(
                            .put, overwrite.path, as: practice.doctor, body: overwrite.body)
                        #expect(refused.problemCode == "DATA_INTEGRITY")
                        let kept: [UInt8]? = try await app.database.read { db in
                            try db.value("SELECT \(place.column) FROM \(place.table)")
                        }
                        #expect(kept == damaged)
                    }
                }
                #expect(app.logs.text.contains("\(place.name), row "), "\(place.name)")
                try await Self.set(place, to: stored, in: app)
                #expect(try await app.get(place.path, as: practice.doctor).status == 200)
            }
        }
    }

    private static func set(_ place: Place, to bytes: [UInt8], in app: TestApp) async throws {
        try await app.database.write { db in
            _ = try db.run("UPDATE \(place.table) SET \(place.column) = \(bytes)")
        }
    }

    @Test("values that changed places are found", arguments: DatabaseKind.available)
    func swapped(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let ids = [try await practice.written(), try await practice.written()]
            try await practice.app.database.write { db in
                let rows: [[UInt8]] = try db.values("SELECT symptoms FROM medical_histories ORDER BY id")
                let ids: [Int64] = try db.values("SELECT id FROM medical_histories ORDER BY id")
                for (id, bytes) in zip(ids, rows.reversed()) {
                    try db.run("UPDATE medical_histories SET symptoms = \(bytes) WHERE id = \(id)")
                }
            }
            for id in ids { #expect(try await practice.find(id).problemCode == "DATA_INTEGRITY") }
            for weight in ["70", "71"] {
                #expect(try await practice.record(#"{"weight":\#(weight)}"#).status == 200)
            }
            try await practice.app.database.write { db in
                let rows: [[UInt8]] = try db.values("SELECT measurements FROM vitals ORDER BY id")
                let ids: [Int64] = try db.values("SELECT id FROM vitals ORDER BY id")
                for (id, bytes) in zip(ids, rows.reversed()) {
                    try db.run("UPDATE vitals SET measurements = \(bytes) WHERE id = \(id)")
                }
            }
            #expect(try await practice.vitals().problemCode == "DATA_INTEGRITY")
            // One column's value in another column of the row.
            let base = "/api/patients/\(practice.patient.id)"
            _ = try await practice.app.send(.put, base + "/allergies", as: practice.patient, body: "[]")
            try await practice.app.database.write { db in
                _ = try db.run("UPDATE patient_health SET medications = allergies")
            }
            let moved = try await practice.app.get(base + "/medications", as: practice.patient)
            #expect(moved.problemCode == "DATA_INTEGRITY")
        }
    }
}
