import CareSyncCore
import CareSyncServer
import Foundation
import Logging
import Persistence
import Scheduling

/// Times the free slots of a day and of a month for one doctor after the other, database included, one call at a time.
/// Needs the data of `benchmark-seed`; the environment is that of `caresync serve`.
@main
struct BenchmarkSlots {
    private static let calls = 2_000

    static func main() async throws {
        let configuration = try LoadedConfiguration.load(
            environment: ProcessInfo.processInfo.environment, createsKeys: true
        ).configuration
        let logger = Logger(label: "benchmark-slots")
        let database = try configuration.openDatabase(logger: logger)
        let system = try await CareSync(configuration: configuration, database: database, logger: logger)
        let tomorrow = configuration.zone.date(at: database.services.time.now).adding(days: 1)
        for (name, days) in [("a day", 1), ("a month", 31)] {
            var found = 0
            var times: [Duration] = []
            for call in 0..<calls + 200 {
                let doctor = DoctorID(Int64(1 + call * 37 % 200))
                let start = ContinuousClock.now
                found += try await system.scheduling.freeSlots(
                    of: doctor, from: tomorrow, to: tomorrow.adding(days: days - 1)
                ).count
                // The first calls warm up.
                if call >= 200 { times.append(.now - start) }
            }
            times.sort()
            print(
                """
                \(name): median \(milliseconds(times[calls / 2])) ms, p99 \(milliseconds(times[calls * 99 / 100])) ms, \
                \(found / (calls + 200)) slots
                """)
        }
        await database.close()
    }

    private static func milliseconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        return String(format: "%.2f", Double(seconds) * 1_000 + Double(attoseconds) / 1e15)
    }
}
