import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Directory
import HTTPTypes
import Persistence
import Testing

@testable import Scheduling

@Suite("Who may see a patient")
struct CareRelationshipTests {
    private static func access(_ user: TestUser, _ patient: TestUser, in app: TestApp) async throws -> CareAccess? {
        try await app.database.read { [care = app.system.care] db in
            user.role == .admin
                ? try care.access(ofAdministrator: user.userID, to: patient.patientID, db: db)
                : try care.access(of: user.doctorID, to: patient.patientID, db: db)
        }
    }

    private static func breakGlass(_ user: TestUser, _ patient: TestUser, in app: TestApp) async throws -> CareAccess {
        let opened = try await app.send(
            .post, "/api/break-glass", as: user,
            body: #"{"patientId":\#(patient.id),"reason":"Unconscious after a fall"}"#)
        return .breakGlass(BreakGlassID(Int64(try #require(opened["id"].int, "\(opened.text)"))))
    }

    @Test(
        "a doctor by treating, else by a grant of their own for this patient, until it ends",
        arguments: DatabaseKind.available)
    func doctor(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let (patient, other) = (try await app.registerPatient(), try await app.registerPatient())
            let (doctor, colleague) = (try await app.registerDoctor(), try await app.registerDoctor())
            #expect(try await Self.access(doctor, patient, in: app) == nil)
            let grant = try await Self.breakGlass(doctor, patient, in: app)
            #expect(try await Self.access(doctor, patient, in: app) == grant)
            #expect(try await Self.access(doctor, other, in: app) == nil)
            #expect(try await Self.access(colleague, patient, in: app) == nil)

            let booked = try await app.send(
                .post, "/api/appointments/patient/book", as: patient,
                body: #"{"doctorId":\#(doctor.id),"appointmentDateTime":"2026-03-11T10:00:00","reason":"Cough"}"#)
            let appointment = try #require(booked["appointmentId"].int)
            #expect(try await Self.access(doctor, patient, in: app) == .treating)
            _ = try await app.delete("/api/appointments/patient/\(appointment)", as: patient)
            #expect(try await Self.access(doctor, patient, in: app) == grant)
            app.time.advance(by: .seconds(3599))
            #expect(try await Self.access(doctor, patient, in: app) == grant)
            app.time.advance(by: .seconds(1))
            #expect(try await Self.access(doctor, patient, in: app) == nil)
        }
    }

    @Test("an administrator by a grant only, until it ends or is ended")
    func administrator() async throws {
        try await withApp { app in
            let (patient, admin) = (try await app.registerPatient(), try await app.admin())
            #expect(try await Self.access(admin, patient, in: app) == nil)
            let grant = try await Self.breakGlass(admin, patient, in: app)
            #expect(try await Self.access(admin, patient, in: app) == grant)
            guard case .breakGlass(let id) = grant else { return }
            let closed = try await app.send(.post, "/api/break-glass/\(id)/close", as: admin, body: "{}")
            #expect(closed.status == 200)
            #expect(try await Self.access(admin, patient, in: app) == nil)
        }
    }
}
