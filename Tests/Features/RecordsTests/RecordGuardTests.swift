import CareSyncCore
import CareSyncTesting
import Directory
import HTTPTypes
import Persistence
import Testing

@testable import Records

@Suite("What guards the record")
struct RecordGuardTests {
    @Test("an answer is not repeated to a doctor who is no longer verified", arguments: DatabaseKind.available)
    func repeats(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let first = try await practice.write(key: "visit")
            let path = "/api/medical-history/\(try #require(first["id"].int))/amendments"
            func amend() async throws -> TestResponse {
                try await practice.app.post(
                    path, as: practice.doctor, json: ["text": "x"], headers: ["Idempotency-Key": "amend"])
            }
            #expect(try await amend().status == 201)
            func verify(_ isVerified: Bool) async throws {
                try await practice.app.database.write { db in
                    _ = try db.run("UPDATE doctors SET is_verified = \(isVerified)")
                }
            }
            try await verify(false)
            #expect(try await practice.write(key: "visit").problemCode == "DOCTOR_NOT_VERIFIED")
            #expect(try await amend().problemCode == "DOCTOR_NOT_VERIFIED")
            // The refusal is not kept in the answer's place.
            try await verify(true)
            #expect(try await practice.write(key: "visit").bytes == first.bytes)
        }
    }

    @Test("an entry to which a colleague has added is not taken back", arguments: DatabaseKind.available)
    func amended(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let (id, own) = (try await practice.written(), try await practice.written())
            let colleague = try await practice.app.registerDoctor()
            try await practice.breakGlass(colleague)
            for (entry, user) in [(id, colleague), (own, practice.doctor)] {
                let added = try await practice.app.post(
                    "/api/medical-history/\(entry)/amendments", as: user, json: ["text": "Seen"])
                #expect(added.status == 201, "\(added.text)")
            }
            for path in ["/api/medical-history/\(id)", "/api/patients/medical-history/\(id)"] {
                let refused = try await practice.app.delete(path, as: practice.doctor)
                #expect(refused.status == 409)
                #expect(refused.problemCode == "RECORD_AMENDED")
            }
            #expect(try await practice.find(id).status == 200)
            // What the author alone has added goes with the entry.
            #expect(try await practice.app.delete("/api/medical-history/\(own)", as: practice.doctor).status == 200)
        }
    }

    @Test("everything about a patient says when a list was cut", arguments: DatabaseKind.available)
    func cut(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let path = "/api/patients/\(practice.patient.id)/complete-data"
            let vault = practice.vault
            let (patient, doctor) = (practice.patient.patientID, practice.doctor.doctorID)
            func plant(_ count: Int) async throws {
                try await practice.app.database.write { db in
                    let key = try vault.key(for: patient, db)
                    let day = try #require(LocalDate("2026-03-01"))
                    let texts = HistoryTexts(symptoms: "Cough", prescription: [])
                    for _ in 0..<count {
                        let id = HistoryID(try db.nextID(HistorySchema.historyIDs))
                        try HistoryRepository(db: db).insert(
                            id, NewHistory(patient: patient, visitDate: day, appointment: nil, texts: texts),
                            try SealedTexts(texts, of: id, with: key, vault), by: doctor, as: "Doctor",
                            isExceptional: false, at: db.now)
                    }
                }
            }
            try await plant(500)
            let whole = try await practice.app.get(path, as: practice.doctor)
            #expect(whole["medicalHistory"].list.count == 500)
            #expect(whole.header("X-Truncated") == nil)
            try await plant(1)
            let cut = try await practice.app.get(path, as: practice.doctor)
            #expect(cut["medicalHistory"].list.count == 500)
            #expect(cut.header("X-Truncated") == "true")
        }
    }
}
