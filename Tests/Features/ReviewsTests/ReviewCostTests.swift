import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Directory
import Persistence
import Scheduling
import Testing

@testable import Reviews

/// What lists of reviews ask of the database.
@Suite("Cost of reviews")
struct ReviewCostTests {
    private static func counted(_ desk: ReviewDesk) -> (ReviewService, SchedulingFeature, StatementCount) {
        let count = StatementCount()
        let database = CountingDatabase(desk.app.database, count: count)
        let vault = PatientVault(
            ring: desk.app.system.configuration.keys.ring, random: desk.app.random.source,
            logger: desk.app.logs.logger)
        let scheduling = SchedulingFeature(
            database: database, zone: desk.app.zone, vault: vault, settings: SchedulingSettings(),
            care: desk.app.system.care, histories: { _, _, _ in [:] }, logger: desk.app.logs.logger)
        return (ReviewService(database: database, vault: vault, zone: desk.app.zone), scheduling, count)
    }

    @Test("a list is as many statements with one review as with many", arguments: DatabaseKind.available)
    func statements(_ kind: DatabaseKind) async throws {
        try await withReviews(kind) { desk in
            let crowd = try await desk.app.crowd(9)
            for (index, user) in crowd.enumerated() {
                _ = try await desk.reviewed(4, #""comment":"Good""#, hoursAgo: 24 + index, by: user)
                _ = try await desk.visit(hoursAgo: 100 + index)
            }
            let paged = PageRequest(page: 0, size: 20)
            func cost(_ work: (ReviewService, SchedulingFeature) async throws -> Int, rows: Int) async throws -> Int {
                let (service, scheduling, count) = Self.counted(desk)
                #expect(try await work(service, scheduling) == rows)
                return count.statements
            }
            // Page, total, keys.
            let ofDoctor = try await cost(
                { service, _ in
                    try await service.list(
                        of: desk.doctor.doctorID, for: .doctor(desk.doctor.doctorID), paged, origin: .system("test")
                    ).items.count
                }, rows: 9)
            #expect(ofDoctor == 3)
            let pending = try await cost(
                { _, scheduling in
                    try await scheduling.completedAppointments(
                        of: desk.patient.patientID, where: ReviewRepository.isMissing, paged
                    ).items.count
                }, rows: 9)
            #expect(pending == 3)
        }
    }

    @Test("no statement of a list or of a rating reads a whole table that grows", arguments: DatabaseKind.available)
    func plans(_ kind: DatabaseKind) async throws {
        try await withReviews(kind) { desk in
            _ = try await desk.reviewed()
            let (service, scheduling, count) = Self.counted(desk)
            let (doctor, patient) = (desk.doctor.doctorID, desk.patient.patientID)
            _ = try await service.list(of: doctor, for: .doctor(doctor), .whole, origin: .system("test"))
            _ = try await service.list(of: patient, for: .patient(patient), .whole, origin: .system("test"))
            _ = try await service.ratings(of: doctor)
            _ = try await scheduling.completedAppointments(of: patient, where: ReviewRepository.isMissing, .whole)
            for statement in count.recorded {
                let plan = try await QueryPlan.of(statement, in: desk.app.database)
                let scans = plan.fullScans.filter { !$0.hasPrefix("SCAN page") && !$0.contains("json_each") }
                #expect(scans.isEmpty, "\(plan)")
            }
        }
    }
}
