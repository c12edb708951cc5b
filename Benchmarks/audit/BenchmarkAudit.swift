import AuditTrail
import CareSyncCore
import CareSyncServer
import Foundation
import Logging
import Persistence

/// Fills the audit log of a migrated database with rows, 1,000,000 unless the first argument says otherwise, so that
/// `caresync audit verify` can be timed. The environment is that of `caresync serve`.
@main
struct BenchmarkAudit {
    private static let rowsPerTransaction = 1_000

    static func main() async throws {
        let wanted = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 1_000_000
        let configuration = try LoadedConfiguration.load(
            environment: ProcessInfo.processInfo.environment, createsKeys: true
        ).configuration
        let database = try configuration.openDatabase(logger: Logger(label: "benchmark-audit"))
        for first in stride(from: 0, to: wanted, by: rowsPerTransaction) {
            try await database.write { db in
                for number in first..<min(first + rowsPerTransaction, wanted) {
                    db.audit(
                        AuditEntry(
                            .readPHI, "appointments", String(number),
                            by: RequestOrigin(principal: nil, requestID: "benchmark", address: "192.0.2.1"),
                            patient: PatientID(Int64(100_000 + number % 2_000))))
                }
            }
        }
        await database.close()
    }
}
