import CareSyncCore
import CareSyncTesting
import FeatureContract
import HTTPTypes
import Persistence
import Synchronization
import Testing

@testable import Scheduling

/// Money that comes when its hold has ended (rules/holds-and-payment 4).
@Suite("Late money")
struct LateMoneyTests {
    private typealias Step = @Sendable (Clinic, Int) async throws -> Void

    private static let timer: Step = { clinic, _ in
        clinic.app.time.advance(by: .minutes(10))
        try await clinic.app.runDueWork()
    }

    @Test("brings an appointment back that the system has ended", arguments: DatabaseKind.available)
    func revives(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let id = try await clinic.bookedID()
            try await Self.timer(clinic, id)
            #expect(try await clinic.status(id) == "CANCELLED")
            #expect(try await clinic.payable(id)?.standing == .over)
            #expect(try await clinic.capture(id))
            let mine = try await clinic.app.get("/api/appointments/patient/my-appointments", as: clinic.patient)
            #expect(mine["[0].status"].string == "CONFIRMED")
            #expect(mine["[0].isActive"].bool == true)
            #expect(mine["[0].heldUntil"].isNull)
            #expect(mine["[0].amountDue"].isNull)
            #expect(try await clinic.payable(id)?.standing == .paid)
            #expect(try await clinic.audited(id).compactMap(\.self) == ["CANCELLED", "CONFIRMED"])
            #expect(try await clinic.book(as: try await clinic.app.registerPatient()).status == 409)
            #expect(try await !clinic.capture(id))
        }
    }

    @Test("goes back when anything stands in the way", arguments: DatabaseKind.available)
    func refused(kind: DatabaseKind) async throws {
        let cases: [(String, Step)] = [
            (
                "given back",
                { clinic, id in
                    let path = "/api/appointments/\(id)/hold/release"
                    let answer = try await clinic.app.send(.post, path, as: clinic.patient)
                    #expect(answer.status == 200)
                }
            ),
            (
                "cancelled by the patient",
                { clinic, id in
                    let path = "/api/appointments/patient/\(id)"
                    let answer = try await clinic.app.delete(path, as: clinic.patient)
                    #expect([200, 204].contains(answer.status))
                }
            ),
            (
                "cancelled by the doctor",
                { clinic, id in
                    let answer = try await clinic.move(id, "cancel")
                    #expect(answer.status == 200)
                }
            ),
            (
                "deleted",
                { clinic, id in
                    try await Self.timer(clinic, id)
                    let admin = try await clinic.app.admin()
                    #expect(try await clinic.app.delete("/api/appointments/admin/\(id)", as: admin).status == 200)
                }
            ),
            (
                "taken",
                { clinic, id in
                    try await Self.timer(clinic, id)
                    #expect(try await clinic.book(as: try await clinic.app.registerPatient()).status == 200)
                }
            ),
            (
                "the patient is elsewhere",
                { clinic, id in
                    try await Self.timer(clinic, id)
                    let other = try await clinic.app.registerDoctor()
                    #expect(try await clinic.book(doctor: other).status == 200)
                }
            ),
            (
                "too close to another",
                { clinic, id in
                    try await Self.timer(clinic, id)
                    let other = try await clinic.app.registerPatient()
                    #expect(try await clinic.book("\(Clinic.day)T10:30:00", as: other).status == 200)
                    #expect(try await clinic.setHours(#"{"bufferAfterMinutes":10}"#).status == 200)
                }
            ),
            (
                "leave",
                { clinic, id in
                    clinic.app.time.advance(by: .minutes(10))
                    let added = try await clinic.addLeave(Clinic.day, Clinic.day)
                    #expect([200, 201].contains(added.status))
                }
            ),
            (
                "holiday",
                { clinic, id in
                    try await Self.timer(clinic, id)
                    try await clinic.app.database.write { db in
                        let day = try #require(LocalDate(Clinic.day))
                        try db.run("INSERT INTO clinic_holidays (day, name) VALUES (\(day), 'Holi')")
                    }
                }
            ),
            ("the doctor is out", { clinic, id in try await Self.out(clinic.doctor, clinic, id) }),
            ("the patient is out", { clinic, id in try await Self.out(clinic.patient, clinic, id) }),
            ("begun", { clinic, id in clinic.app.time.advance(by: .hours(27)) }),
        ]
        for (name, prevent) in cases {
            try await withClinic(kind) { clinic in
                try await clinic.wantPrepayment()
                let id = try await clinic.bookedID()
                try await prevent(clinic, id)
                let before = try await clinic.status(id)
                #expect(try await !clinic.capture(id), "\(name)")
                #expect(try await clinic.status(id) == before, "\(name)")
                #expect(try await clinic.overlaps() == 0, "\(name)")
            }
        }
    }

    private static func out(_ person: TestUser, _ clinic: Clinic, _ id: Int) async throws {
        try await timer(clinic, id)
        let admin = try await clinic.app.admin()
        let path = "/api/admin/users/\(person.username)/status?active=false"
        #expect(try await clinic.app.send(.put, path, as: admin, body: "{}").status == 200)
    }

    @Test("ends somebody else's hold that has run out meanwhile", arguments: DatabaseKind.available)
    func endsOthers(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let first = try await clinic.bookedID()
            clinic.app.time.advance(by: .minutes(10))
            let second = try await clinic.bookedID(as: try await clinic.app.registerPatient())
            #expect(try await clinic.status(first) == "CANCELLED")
            #expect(try await !clinic.capture(first))
            clinic.app.time.advance(by: .minutes(10))
            #expect(try await clinic.capture(first))
            #expect(try await clinic.status(second) == "CANCELLED")
            #expect(try await !clinic.capture(second))
            #expect(try await clinic.overlaps() == 0)
        }
    }

    @Test("an appointment that ends says so once, and by which side", arguments: DatabaseKind.available)
    func ended(kind: DatabaseKind) async throws {
        let ends: [(PayableEnded.Side?, Step)] = [
            (
                .patient,
                { clinic, id in _ = try await clinic.app.delete("/api/appointments/patient/\(id)", as: clinic.patient) }
            ),
            (.clinic, { clinic, id in _ = try await clinic.move(id, "cancel") }),
            (.clinic, { clinic, _ in _ = try await clinic.addLeave(Clinic.day, Clinic.day, affected: "cancel") }),
            (
                .clinic,
                { clinic, id in
                    let admin = try await clinic.app.admin()
                    _ = try await clinic.app.delete("/api/appointments/admin/\(id)", as: admin)
                    _ = try await clinic.app.delete("/api/appointments/admin/\(id)", as: admin)
                }
            ),
            (.clinic, Self.timer),
            (
                nil,
                { clinic, id in
                    let isPaid = try await clinic.capture(id)
                    #expect(isPaid)
                    let later = try await clinic.later(.hours(27))
                    #expect(try await later.move(id, "no-show").status == 200)
                }
            ),
        ]
        for (side, end) in ends {
            try await withClinic(kind) { clinic in
                let heard = Mutex<[PayableEnded]>([])
                clinic.app.database.services.events.observe(PayableEnded.self) { event in
                    heard.withLock { $0.append(event) }
                }
                try await clinic.wantPrepayment()
                let id = try await clinic.bookedID()
                try await end(clinic, id)
                try await clinic.app.runDueWork()
                let events = heard.withLock { $0 }
                #expect(events.map(\.side) == (side.map { [$0] } ?? []))
                #expect(events.allSatisfy { $0.payable == PayableID(.appointment, Int64(id)) && $0.startsAt != nil })
            }
        }
    }
}
