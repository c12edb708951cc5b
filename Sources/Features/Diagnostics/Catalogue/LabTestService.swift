import AuditTrail
import CareSyncCore
import JSONCoding
import Persistence
import Scheduling

/// The lab tests that can be booked, and their prices.
struct LabTestService: Sendable {
    let database: any Database

    static let mostPriced = 100

    /// A change that came with a request. What is not mentioned stays.
    struct Change: Sendable {
        let name: String
        let price: Money
        let description: Patch<String>
        let isActive: Bool?

        func draft(of test: LabTest) -> LabTestDraft {
            LabTestDraft(
                name: name, price: price,
                description: TextSort.content(of: description.applied(to: test.description)),
                isActive: isActive ?? test.isActive)
        }
    }

    func list(onlyActive: Bool, containing part: String = "", _ page: PageRequest) async throws -> Page<LabTest> {
        try await database.read { db in
            try LabTestRepository(db: db).list(onlyActive: onlyActive, containing: TextKey.folded(part), page)
        }
    }

    /// To patients a retired test does not exist.
    func find(_ id: LabTestID, for role: Role) async throws -> LabTest {
        let test = try await database.read { db in try LabTestRepository(db: db).find(id) }
        guard let test, test.isActive || role != .patient else { throw LabTestError.notFound }
        return test
    }

    func quote(_ ids: [Int64]) async throws -> LabTestQuote {
        var wanted: [Int64] = []
        for id in ids where !wanted.contains(id) { wanted.append(id) }
        let known = wanted.compactMap(LabTestID.init(checking:))
        let tests = try await database.read { db in try LabTestRepository(db: db).listActive(known) }
        let offered = Set(tests.map(\.id.rawValue))
        let missing = wanted.filter { !offered.contains($0) }
        guard missing.isEmpty else { throw LabTestError.notOffered(missing) }
        return LabTestQuote(total: tests.reduce(.zero) { $0 + $1.price }, count: tests.count)
    }

    func add(
        _ draft: LabTestDraft, origin: RequestOrigin, once idempotency: Idempotency<LabTest>?
    ) async throws -> Replayable<LabTest> {
        try await database.write(idempotency: idempotency) { db in
            try Self.requireEditor(origin, db)
            guard let test = try LabTestRepository(db: db).insert(draft, at: db.now) else {
                throw LabTestError.exists
            }
            Self.audit(nil, test, "ADDED", origin, db)
            return test
        }
    }

    /// - Parameter isExpected: whether a version of the test is one the caller wants to change.
    func change(
        _ id: LabTestID, _ change: Change, origin: RequestOrigin,
        if isExpected: @escaping @Sendable (_ version: Int64) -> Bool
    ) async throws -> LabTest {
        try await database.write { db in
            try Self.requireEditor(origin, db)
            let tests = LabTestRepository(db: db)
            guard let old = try tests.lock(id) else { throw LabTestError.notFound }
            guard isExpected(old.version) else { throw LabTestError.changedMeanwhile }
            guard let new = try tests.update(id, to: change.draft(of: old), at: db.now) else { throw Problem.fault }
            Self.audit(old, new, "CHANGED", origin, db)
            return new
        }
    }

    /// Repeating it changes nothing.
    func retire(_ id: LabTestID, origin: RequestOrigin) async throws {
        try await database.write { db in
            let tests = LabTestRepository(db: db)
            guard let old = try tests.lock(id) else { throw LabTestError.notFound }
            guard old.isActive else { return }
            let retired = LabTestDraft(
                name: old.name, price: old.price, description: old.description, isActive: false)
            guard let new = try tests.update(id, to: retired, at: db.now) else { throw Problem.fault }
            Self.audit(old, new, "RETIRED", origin, db)
        }
    }

    /// Administrators and verified doctors.
    private static func requireEditor(_ origin: RequestOrigin, _ db: any Connection) throws {
        guard let principal = origin.principal else { throw Problem.unauthenticated }
        if principal.role != .admin { try VerifiedDoctor.require(principal.requireDoctor(), db) }
    }

    private static func audit(
        _ old: LabTest?, _ new: LabTest, _ reason: String, _ origin: RequestOrigin, _ db: any Connection
    ) {
        db.audit(
            AuditEntry(
                .adminAction, "lab_tests", "\(new.id)", by: origin, reason: reason, before: old?.state,
                after: new.state))
    }
}
