import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Directory
import FeatureContract
import Payments
import Persistence
import Testing

@testable import Scheduling

/// Money that was there before the booking (rules/holds-and-payment 8).
@Suite("Bookings that are paid already")
struct PrepaidBookingTests {
    @Test(
        "a booking takes fitting money at once, and only once",
        arguments: DatabaseKind.available)
    func taken(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let service = Self.service(clinic)
            func book(_ hour: Int) async throws -> Appointment {
                try await Self.book(hour, clinic, service)
            }
            // Nothing is there yet; the doctor's rules are known from now on.
            #expect(try await book(9).isHold)
            try await Self.plant(clinic, 1, amount: 50_001)
            try await Self.plant(clinic, 2, type: "MEDICINE")
            try await Self.plant(clinic, 3, minutesAgo: 61)
            #expect(try await book(10).isHold)
            try await Self.plant(clinic, 4, minutesAgo: 60)
            let paid = try await book(11)
            #expect(paid.status == .confirmed && paid.heldUntil == nil && paid.paidAt != nil)
            #expect(paid.amountDue(at: clinic.app.time.now) == nil)
            #expect(try await clinic.messages("hold.expire").count == 2)
            #expect(try await book(12).isHold)
        }
    }

    @Test("asking for one's own hold again takes money that has come meanwhile", arguments: DatabaseKind.available)
    func ownHold(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let service = Self.service(clinic)
            let held = try await Self.book(10, clinic, service)
            #expect(held.isHold)
            try await Self.plant(clinic, 1)
            let again = try await Self.book(10, clinic, service)
            #expect(again.id == held.id)
            #expect(again.status == .confirmed)
        }
    }

    @Test("of many bookings at once one takes the money", arguments: DatabaseKind.available)
    func atOnce(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let service = Self.service(clinic)
            _ = try await Self.book(9, clinic, service)
            try await Self.plant(clinic, 1)
            let booked = try await race([10, 11, 12]) { try await Self.book($0, clinic, service) }
            #expect(booked.count { $0.status == .confirmed } == 1)
            #expect(booked.count { $0.isHold } == 2)
        }
    }

    private static func book(_ hour: Int, _ clinic: Clinic, _ service: BookingService) async throws -> Appointment {
        let reading = LocalDateTime(try #require(LocalDate(Clinic.day)), LocalTime(hour: hour, minute: 0))
        let order = try BookingOrder(
            .booking, doctor: clinic.doctor.doctorID, patient: clinic.patient.patientID, at: ClientDateTime(reading),
            reason: "Cough", zone: service.context.zone)
        guard case .fresh(let booked) = try await service.book(order, by: .system("test"), idempotency: nil) else {
            throw Problem.fault
        }
        return booked.appointment
    }

    /// A captured payment that belongs to nothing.
    private static func plant(
        _ clinic: Clinic, _ number: Int64, amount: Int64 = 50_000, type: String = "APPOINTMENT", minutesAgo: Int64 = 1
    ) async throws {
        let (patient, at) = (clinic.patient.patientID, clinic.app.time.now - .minutes(minutesAgo))
        let sealed: [UInt8] = [1]
        try await clinic.app.database.write { db in
            _ = try db.run(
                """
                INSERT INTO payments (id, transaction_id, patient_id, type, method, amount, status, description, terms,
                                      created_at, updated_at, completed_at)
                VALUES (\(number), \("TXN_\(number)"), \(patient), \(type), 'UPI', \(amount), 'SUCCESS', \(sealed), '',
                        \(at), \(at), \(at))
                """)
        }
    }

    /// Takes money like the payments feature: locked, marked as used, and settled.
    private static func service(_ clinic: Clinic) -> BookingService {
        let payable = AppointmentPayable(zone: clinic.app.zone)
        let prepayment = Prepayment(
            rows: { PaymentDesk.unlinked(of: $0, amount: $1, for: .appointment, at: $2) },
            link: { id, patient, amount, origin, db in
                let unlinked = PaymentDesk.unlinked(of: patient, amount: amount, for: .appointment, at: db.now)
                let taken = try db.run(
                    """
                    UPDATE payments SET payable_kind = 'APPOINTMENT', payable_number = \(id.number)
                    WHERE id IN (\(unlinked)) AND payable_number IS NULL
                    """)
                return try taken == 1 && payable.settle(id.number, origin: origin, db)
            })
        let vault = PatientVault(
            ring: clinic.app.system.configuration.keys.ring, random: clinic.app.random.source,
            logger: clinic.app.logs.logger)
        return BookingService(
            context: SchedulingContext(
                database: clinic.app.database, zone: clinic.app.zone, vault: vault, settings: SchedulingSettings(),
                care: clinic.app.system.care, histories: { _, _, _ in [:] }, prepayment: prepayment))
    }
}
