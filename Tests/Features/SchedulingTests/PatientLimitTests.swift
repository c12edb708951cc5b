import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

/// How much of the clinic's time one patient may have taken.
@Suite("Bounds on a patient's appointments")
struct PatientLimitTests {
    private static let times = (9..<13).flatMap { hour in ["00", "30"].map { "\(Clinic.day)T\(two(hour)):\($0):00" } }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    @Test("five coming appointments with one doctor, and a cancelled one makes room", arguments: DatabaseKind.available)
    func oneDoctor(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            var ids: [Int] = []
            for time in Self.times.prefix(5) { ids.append(try await clinic.bookedID(time)) }
            let refused = try await clinic.book(Self.times[5])
            #expect(refused.status == 409)
            #expect(refused.problemCode == "TOO_MANY_APPOINTMENTS")
            #expect(try await clinic.book(Self.times[5], key: "one-more").problemCode == "TOO_MANY_APPOINTMENTS")
            #expect(try await clinic.rows() == 5)
            let colleague = try await clinic.app.registerDoctor()
            #expect(try await clinic.book(Self.times[5], doctor: colleague).status == 200)
            _ = try await clinic.app.delete("/api/appointments/patient/\(ids[0])", as: clinic.patient)
            #expect(try await clinic.book(Self.times[6]).status == 200)
        }
    }

    @Test("a taken time is told before a bound, and what has begun does not count", arguments: DatabaseKind.available)
    func comingOnly(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            for time in Self.times.prefix(5) { _ = try await clinic.bookedID(time) }
            #expect(try await clinic.book(Self.times[0]).problemCode == "SLOT_UNAVAILABLE")
            // The first of them begins.
            let later = try await clinic.later(.hours(25))
            #expect(try await later.book("2026-03-12T09:00:00").status == 200)
            #expect(try await later.book("2026-03-12T09:30:00").problemCode == "TOO_MANY_APPOINTMENTS")
        }
    }

    @Test("twenty in all, and neither the desk nor an emergency is bound", arguments: DatabaseKind.available)
    func inAll(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            for day in 11..<15 {
                let doctor = day == 11 ? clinic.doctor : try await clinic.app.registerDoctor()
                for hour in ["09", "10", "11", "12", "14"] {
                    #expect(try await clinic.book("2026-03-\(day)T\(hour):00:00", doctor: doctor).status == 200)
                }
            }
            let another = try await clinic.app.registerDoctor()
            #expect(
                try await clinic.book("2026-03-16T09:00:00", doctor: another).problemCode == "TOO_MANY_APPOINTMENTS")
            let admin = try await clinic.app.admin()
            #expect(try await clinic.bookAtDesk("2026-03-16T09:00:00", as: admin, with: another).status == 200)
            #expect(try await clinic.bookAtDesk("2026-03-11T15:00:00", as: admin).status == 200)
            #expect(try await clinic.emergency().status == 200)
            #expect(try await clinic.reschedule(try await clinic.firstID(), to: "2026-03-16T10:00:00").status == 200)
        }
    }

    @Test("five holds, of which one that ran out or was paid is none", arguments: DatabaseKind.available)
    func holds(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let days = (1...7).map { #"{"weekday":\#($0),"windows":[{"start":"09:00","end":"13:00"}]}"# }
            let body = #"{"days":[\#(days.joined(separator: ","))],"paymentPolicy":"PREPAY"}"#
            var doctors = [clinic.doctor]
            for _ in 0..<2 { doctors.append(try await clinic.app.registerDoctor()) }
            for doctor in doctors {
                try await clinic.charge(doctor)
                _ = try await clinic.setHours(body, as: doctor, of: doctor)
            }
            var ids: [Int] = []
            for (index, time) in Self.times.prefix(5).enumerated() {
                let held = try await clinic.book(time, doctor: doctors[index % 3])
                ids.append(try #require(held["appointmentId"].int))
            }
            let refused = try await clinic.book(Self.times[5], doctor: doctors[1])
            #expect(refused.status == 409)
            #expect(refused.problemCode == "TOO_MANY_HOLDS")
            // Asking again for a slot that is held is no further hold.
            #expect(try await clinic.book(Self.times[0])["appointmentId"].int == ids[0])
            #expect(try await clinic.capture(ids[0]))
            #expect(try await clinic.book(Self.times[5], doctor: doctors[1]).status == 200)
            #expect(try await clinic.book(Self.times[6], doctor: doctors[1]).problemCode == "TOO_MANY_HOLDS")
            clinic.app.time.advance(by: .minutes(10))
            #expect(try await clinic.book(Self.times[6], doctor: doctors[1]).status == 200)
        }
    }

    @Test("no number of requests at once gets past the bounds", arguments: DatabaseKind.available)
    func race(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let statuses = try await contend(clinic)
            #expect(statuses.filter { $0 == 200 }.count == 5)
            #expect(Set(statuses) == [200, 409])
            #expect(try await clinic.rows() == 5)
        }
    }

    @Test("without the bounds the same race books everything", arguments: DatabaseKind.available)
    func negativeControl(kind: DatabaseKind) async throws {
        try await withClinic(kind, environment: unlimited) { clinic in
            let statuses = try await contend(clinic)
            #expect(Set(statuses) == [200])
            #expect(try await clinic.rows() == statuses.count)
        }
    }

    /// One patient asks for sixteen different times at once; with keys, so that they do not take turns in this process.
    private func contend(_ clinic: Clinic) async throws -> [Int] {
        _ = try await clinic.slots()
        let times = ["2026-03-11", "2026-03-12"].flatMap { day in Self.times.map { "\(day)\($0.dropFirst(10))" } }
        return try await SchedulingTests.race(Array(times.enumerated())) { number, time in
            try await clinic.book(time, key: number % 4 == 0 ? nil : "limit-\(number)").status
        }
    }
}

extension Clinic {
    /// The oldest appointment.
    func firstID() async throws -> Int {
        try await app.database.read { db in try db.value("SELECT min(id) FROM appointments") ?? 0 }
    }
}
