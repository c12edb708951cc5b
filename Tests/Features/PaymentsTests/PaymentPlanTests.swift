import CareSyncCore
import CareSyncTesting
import FeatureContract
import Persistence
import Testing

@testable import Payments

@Suite("Plans of payments")
struct PaymentPlanTests {
    @Test("pages go by an index", arguments: DatabaseKind.available)
    func pages(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let asked = PageRequest(page: 0, size: 20)
            let cases: [(PatientID?, PaymentOrdering.Column, String)] = [
                (PatientID(1), .createdAt, "payments_patient"), (nil, .createdAt, "payments_created"),
                (nil, .amount, "payments_amount"),
            ]
            for (patient, column, index) in cases {
                for direction in PaymentOrdering.Direction.allCases {
                    let page = PaymentListing.statements(
                        of: patient, by: PaymentOrdering(column: column, direction: direction), asked
                    ).page
                    let plan = try await QueryPlan.of(page, in: app.database)
                    #expect(plan.uses(index), "\(kind) \(column) \(direction): \(plan)")
                }
            }
        }
    }

    @Test("what is looked for on every event and booking has an index", arguments: DatabaseKind.available)
    func lookups(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let counting = CountingDatabase(app.database)
            try await counting.write { db in
                let payments = PaymentRepository(db: db)
                _ = try payments.find(order: "o")
                _ = try payments.find(transaction: "t")
                _ = try payments.find(requestKey: [UInt8](repeating: 1, count: 64))
                _ = try payments.latest(of: PayableID(.appointment, 1))
                _ = try payments.list(of: .appointment, [1, 2])
                _ = try payments.lockActive(of: PayableID(.appointment, 1))
                _ = try payments.lockFailed(of: PayableID(.appointment, 1), amount: .zero)
                _ = try payments.lockLinkable(of: PatientID(1), amount: .zero, for: .appointment, since: db.now)
                _ = try payments.listUnlinked(since: db.now, limit: 1)
                _ = try CaptureRepository(db: db).knows("p")
            }
            #expect(counting.count.statements == 10)
            let statements = counting.count.recorded
            for sql in statements {
                let plan = try await QueryPlan.of(sql, in: app.database)
                #expect(plan.fullScans(except: ["value", "json_each", "unnest"]).isEmpty, "\(sql.text): \(plan)")
            }
        }
    }
}
