import CareSyncCore
import CareSyncTesting
import Cryptography
import Directory
import HTTPTypes
import Persistence
import Testing

@testable import CareSyncServer

/// Clocks of processes may differ by any time: which generation seals is stored, and a transaction that has sealed by one
/// proves that it is still there.
@Suite("Rotation of keys and clocks")
struct KeyRotationClockTests {
    private static let rings = "\(RotationWard.newRing),\(RotationWard.oldRing)"

    /// Gives `body` a server that knows both keys, and the time by its clock.
    private static func withServer(
        _ kind: DatabaseKind, _ body: @escaping @Sendable (RotationWard) async throws -> Void
    ) async throws {
        try await withWard(kind, patients: 2) { ward in
            try await ward.app.restarted(["CARESYNC_ENCRYPTION_KEYS": rings]) { app in
                try await body(
                    RotationWard(app: app, doctor: ward.doctor, patients: ward.patients, reviews: ward.reviews))
            }
        }
    }

    private static func write(_ text: String, _ server: RotationWard) async throws {
        for index in server.patients.indices {
            let changed = try await server.app.send(
                .put, "/api/feedback/\(server.reviews[index])", as: server.patients[index],
                body: #"{"comment":"\#(text)"}"#)
            #expect(changed.status == 200, "\(changed.text)")
        }
    }

    private static func expectWhole(_ text: String, _ server: RotationWard) async throws {
        #expect(try await server.generations() == [2])
        try await server.expectAllOpens(rings, comment: text)
        for index in server.patients.indices {
            #expect(try await server.comment(index)["comment"].string == text)
        }
    }

    @Test("a server's clock is ten minutes behind or ahead, and no write is lost", arguments: DatabaseKind.available)
    func apart(_ kind: DatabaseKind) async throws {
        for minutes: Int64 in [10, -10] {
            try await Self.withServer(kind) { server in
                // The clock is the server's, and is set to the rotation's while that runs.
                let time = server.app.time
                try await Self.write("before", server)
                time.advance(by: .minutes(minutes))
                let rotation = try server.rotation(wait: {
                    time.advance(by: .minutes(-minutes))
                    try await Self.write("meanwhile", server)
                    time.advance(by: .minutes(minutes))
                })
                _ = try await rotation.reencrypt()
                time.advance(by: .minutes(-minutes))
                try await Self.expectWhole("meanwhile", server)
                try await Self.write("after", server)
                try await Self.expectWhole("after", server)
            }
        }
    }

    @Test("a server that remembers a dropped generation seals nothing with it", arguments: DatabaseKind.available)
    func stopped(_ kind: DatabaseKind) async throws {
        try await Self.withServer(kind) { server in
            // As long as its clock stands still, another process reads no key again.
            let (time, vault) = (server.app.time, try RotationWard.vault(Self.rings, server.app))
            let (start, patients) = (time.now, server.patients.map(\.patientID))
            try await server.app.database.read { db in _ = try vault.keys(for: patients, db) }
            _ = try await server.rotation().reencrypt()
            time.set(to: start)
            for (review, patient) in zip(server.reviews, patients) {
                try await server.app.database.write { db in
                    let place = FieldContext(table: "reviews", column: "comment", row: Int64(review))
                    let sealed = try vault.seal("after", of: patient, at: place, db)
                    try db.run("UPDATE reviews SET comment = \(sealed) WHERE id = \(review)")
                }
            }
            try await Self.expectWhole("after", server)
        }
    }

    @Test("a patient who registers meanwhile, by any clock, is not harmed", arguments: DatabaseKind.available)
    func registers(_ kind: DatabaseKind) async throws {
        try await Self.withServer(kind) { server in
            let rotation = try server.rotation(wait: {
                server.app.time.advance(by: .minutes(-10))
                let patient = try await server.app.registerPatient()
                #expect(try await server.app.get("/api/patients/\(patient.id)", as: patient).status == 200)
                server.app.time.advance(by: .minutes(10))
            })
            _ = try await rotation.reencrypt()
            try await server.expectAllOpens(Self.rings)
        }
    }
}
