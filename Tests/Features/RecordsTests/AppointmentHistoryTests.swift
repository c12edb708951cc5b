import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Testing

@Suite("Histories in a doctor's appointments")
struct AppointmentHistoryTests {
    private static let lists = ["my-patients", "my-patients/upcoming", "my-patients/status/BOOKED"]

    @Test(
        "each appointment carries the patient's entries, those of the appointment among them",
        arguments: DatabaseKind.available)
    func shown(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            var entry = practice.entry
            entry.appointmentId = practice.appointment
            entry.visitDate = "2026-01-01"
            entry.medicine = "Amoxicillin"
            let linked = try await practice.written(entry)
            entry.appointmentId = nil
            entry.visitDate = Practice.today
            for _ in 0..<21 { _ = try await practice.written(entry) }
            for list in Self.lists {
                let answer = try await practice.app.get("/api/appointments/doctor/\(list)", as: practice.doctor)
                let history = answer["[0].medicalHistory"].list
                // The newest twenty, and the old one of this very appointment.
                #expect(history.count == 21, "\(list)")
                #expect(history.last?["id"].int == linked)
                #expect(history.last?["appointmentId"].int == practice.appointment)
                #expect(history.last?["medicine"].string == "Amoxicillin")
                #expect(history.first?["visitDate"].string == Practice.today)
                #expect(history.first?["doctorId"].int == Int(practice.doctor.id))
            }
            #expect(try await practice.audited("medical_histories").allSatisfy { $0.hasPrefix("CREATE_PHI") })
            #expect(try await practice.audited("appointments").count { $0.hasPrefix("READ_PHI") } == Self.lists.count)
        }
    }

    @Test("a doctor who no longer treats the patient sees none", arguments: DatabaseKind.available)
    func hidden(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let colleague = try await practice.app.registerDoctor()
            let booked = try await practice.app.send(
                .post, "/api/appointments/patient/book", as: practice.patient,
                body: """
                    {"doctorId":\(colleague.id),"appointmentDateTime":"2026-03-11T09:00:00","reason":"Cough"}
                    """)
            let id = try #require(booked["appointmentId"].int, "\(booked.text)")
            _ = try await practice.written()
            func entries() async throws -> Int {
                try await practice.app.get("/api/appointments/doctor/my-patients", as: colleague)[
                    "[0].medicalHistory"
                ].list.count
            }
            #expect(try await entries() == 1)
            _ = try await practice.app.send(
                .put, "/api/appointments/doctor/\(id)/cancel", as: colleague, body: "{}")
            #expect(try await entries() == 0)
        }
    }
}
