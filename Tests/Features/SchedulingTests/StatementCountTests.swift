import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Directory
import Persistence
import Testing

@testable import Scheduling

/// What the hot paths ask of the database, once the doctor's hours are known.
@Suite("Statement counts")
struct StatementCountTests {
    @Test("the slots of a day, and of a month, are one statement", arguments: DatabaseKind.available)
    func slots(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let (context, count) = Self.context(clinic)
            let service = SlotService(context: context)
            let first = try #require(LocalDate(Clinic.day))
            let (doctor, patient) = (clinic.doctor.doctorID, clinic.patient.patientID)
            _ = try await service.days(from: first, to: first, of: doctor, for: patient)
            count.reset()
            let day = try await service.days(from: first, to: first, of: doctor, for: patient)
            #expect(day.first?.slots.count == 16)
            #expect(count.statements == 1)
            count.reset()
            let month = try await service.days(from: first, to: first.adding(days: 30), of: doctor, for: patient)
            #expect(month.count == 31)
            #expect(count.statements == 1)
        }
    }

    @Test("a booking is its commit's round trip alone, and a refusal costs one look", arguments: DatabaseKind.available)
    func booking(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let (context, count) = Self.context(clinic)
            let service = BookingService(context: context)
            func book(_ time: String, _ patient: TestUser) async throws {
                let clock = LocalTime(hour: time == "ten" ? 10 : 11, minute: 0)
                let reading = LocalDateTime(try #require(LocalDate(Clinic.day)), clock)
                let order = try BookingOrder(
                    .booking, doctor: clinic.doctor.doctorID, patient: patient.patientID, at: ClientDateTime(reading),
                    reason: nil, zone: context.zone)
                _ = try await service.book(order, by: .system("test"), idempotency: nil)
            }
            try await book("ten", clinic.patient)
            count.reset()
            try await book("eleven", clinic.patient)
            #expect(count.roundTrips == 0)
            let other = try await clinic.app.registerPatient()
            count.reset()
            await #expect(throws: SchedulingError.self) { try await book("ten", other) }
            #expect(count.roundTrips == 1)
        }
    }

    private static func context(_ clinic: Clinic) -> (SchedulingContext, StatementCount) {
        let count = StatementCount()
        let vault = PatientVault(
            ring: clinic.app.system.configuration.keys.ring, random: clinic.app.random.source,
            logger: clinic.app.logs.logger)
        let context = SchedulingContext(
            database: CountingDatabase(clinic.app.database, count: count), zone: clinic.app.zone, vault: vault,
            settings: SchedulingSettings(), care: clinic.app.system.care, histories: { _, _, _ in [:] })
        return (context, count)
    }
}
