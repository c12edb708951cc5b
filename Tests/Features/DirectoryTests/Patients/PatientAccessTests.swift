import CareSyncCore
import CareSyncTesting
import Foundation
import HTTPTypes
import Persistence
import Testing

@Suite("Who sees a patient")
struct PatientAccessTests {
    private static let illness = "Seasonal asthma"

    private static func patient(_ app: TestApp, _ form: [String: String] = [:]) async throws -> TestUser {
        try await app.registerPatient(["illnessDetails": illness].merging(form) { _, given in given })
    }

    private static func treat(_ patient: TestUser, by doctor: TestUser, in app: TestApp) async throws {
        let booked = try await app.send(
            .post, "/api/appointments/patient/book", as: patient,
            body: """
                {"doctorId":\(doctor.id),"appointmentDateTime":"2026-03-11T10:00:00","reason":"Check-up"}
                """)
        try #require(booked.status == 200, "\(booked.text)")
    }

    private static func reads(_ patient: TestUser) -> [String] {
        [
            "/api/patients/\(patient.id)", "/api/patients/username/\(patient.username)",
            "/api/patients/profile/\(patient.username)",
        ]
    }

    @Test(
        "the patient and who treats them see everything, and each look is one line of the log",
        arguments: DatabaseKind.available)
    func treating(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let (patient, doctor) = (try await Self.patient(app), try await app.registerDoctor())
            try await Self.treat(patient, by: doctor, in: app)
            for user in [patient, doctor] {
                for path in Self.reads(patient) {
                    let seen = try await app.get(path, as: user)
                    #expect(seen.status == 200, "\(seen.text)")
                    #expect(seen["illnessDetails"].string == Self.illness)
                    #expect(seen["completionPercentage"].int == 20)
                    #expect(seen.header("ETag") == nil)
                }
            }
            let log = try await app.get("/api/patients/\(patient.id)/access-log", as: patient)
            let lines = log.json.list.filter { $0["entity"].string == "patients" }
            // They are of one moment, so no order tells which came first.
            #expect(
                lines.compactMap { $0["reason"].string }.sorted() == ["OWN_DATA", "OWN_DATA", "OWN_DATA"]
                    + ["TREATMENT", "TREATMENT", "TREATMENT"])
        }
    }

    @Test("strangers are refused alike, whether or not there is such a patient", arguments: DatabaseKind.available)
    func strangers(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let patient = try await Self.patient(app)
            let (other, doctor) = (try await app.registerPatient(), try await app.registerDoctor())
            let nobody = ["/api/patients/999999", "/api/patients/username/nobody", "/api/patients/profile/nobody"]
            for user in [other, doctor] {
                for path in Self.reads(patient) + nobody {
                    let answer = try await app.get(path, as: user)
                    #expect(answer.status == 403, "\(path)")
                    #expect(answer.problemCode == "ACCESS_DENIED", "\(path)")
                }
            }
            let unverified = try await app.registerDoctor(verified: false)
            for path in Self.reads(patient) + nobody + ["/api/patients", "/api/patients/illness/asthma"] {
                #expect(try await app.get(path, as: unverified).problemCode == "DOCTOR_NOT_VERIFIED", "\(path)")
            }
        }
    }

    @Test(
        "administrators see directory data; illness details only of a patient whose glass they broke",
        arguments: DatabaseKind.available)
    func administrators(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let (patient, admin) = (try await Self.patient(app), try await app.admin())
            let paths = Array(Self.reads(patient).dropFirst())
            #expect(try await app.get(Self.reads(patient)[0], as: admin).status == 403)
            for path in paths {
                let seen = try await app.get(path, as: admin)
                #expect(seen["firstName"].string == "Asha")
                #expect(seen["illnessDetails"].isNull)
                #expect(seen["completionPercentage"].int == 20)
            }
            #expect(try await app.get("/api/patients/profile/nobody", as: admin).problemCode == "PATIENT_NOT_FOUND")
            #expect(try await app.get("/api/patients/illness/asthma", as: admin).status == 403)
            let opened = try await app.send(
                .post, "/api/break-glass", as: admin,
                body: #"{"patientId":\#(patient.id),"reason":"No relative can be reached"}"#)
            let grant = try #require(opened["id"].int)
            for path in paths {
                #expect(try await app.get(path, as: admin)["illnessDetails"].string == Self.illness)
            }
            #expect(try await app.get("/api/patients", as: admin)["[0].illnessDetails"].isNull)
            let log = try await app.get("/api/patients/\(patient.id)/access-log", as: patient)
            let reasons = log.json.list.filter { $0["entity"].string == "patients" }.map { $0["reason"].string ?? "" }
            #expect(reasons.filter { $0 == "BREAK_GLASS \(grant)" }.count == 2)
            #expect(reasons.filter { $0 == "ADMINISTRATION" }.count == 3)
        }
    }

    @Test("a doctor who broke the glass sees the patient, for an hour", arguments: DatabaseKind.available)
    func breakGlass(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let (patient, doctor) = (try await Self.patient(app), try await app.registerDoctor())
            let opened = try await app.send(
                .post, "/api/break-glass", as: doctor,
                body: #"{"patientId":\#(patient.id),"reason":"Unconscious after a fall"}"#)
            #expect(opened.status == 200)
            #expect(try await app.get("/api/patients/\(patient.id)", as: doctor)["illnessDetails"].string != nil)
            // The glass is broken for one patient; lists are of patients who are treated.
            #expect(try await app.get("/api/patients", as: doctor).json == .array([]))
            app.time.advance(by: .minutes(61))
            let later = try await app.signIn(doctor.username, doctor.password, role: .doctor)
            #expect(try await app.get("/api/patients/\(patient.id)", as: later).status == 403)
        }
    }
}
