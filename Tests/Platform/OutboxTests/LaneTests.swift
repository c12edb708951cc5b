import CareSyncTesting
import Persistence
import Testing

@testable import Outbox

@Suite("Lanes of the outbox")
struct LaneTests {
    /// Errands never end; the answer tells whether a note is carried out all the same.
    private func isHeard(errandsIn lane: String?, _ kind: DatabaseKind) async throws -> Bool {
        try await withDatabase(kind) { database in
            let (heard, hear) = AsyncStream.makeStream(of: Bool.self)
            let errands = JobHandler.effect(Errand.self, lane: lane) { _, _ in
                try await Task.sleep(for: .seconds(3_600))
                return .done()
            }
            let note = JobHandler.effect(Note.self) { _, _ in
                hear.yield(true)
                return .done()
            }
            let workers = try OutboxWorkers(database: database, handlers: [errands, note], logger: silent)
            try await database.write { db in
                for number in 0..<8 { try db.enqueue(Errand(name: "\(number)")) }
            }
            try await database.enqueue("note")
            return await withTaskGroup(of: Void.self) { group in
                group.addTask { await workers.run() }
                group.addTask {
                    try? await Task.sleep(for: lane == nil ? .seconds(2) : .seconds(60))  // It is over either way.
                    hear.yield(false)
                }
                var answers = heard.makeAsyncIterator()
                let answer = await answers.next() ?? false
                group.cancelAll()
                return answer
            }
        }
    }

    @Test("effects of another lane go on while those of one hang", arguments: DatabaseKind.available)
    func ownWorker(_ kind: DatabaseKind) async throws {
        #expect(try await isHeard(errandsIn: "slow", kind))
    }

    @Test("control: in one lane they would wait")
    func sharedWorker() async throws {
        #expect(try await !isHeard(errandsIn: nil, .sqlite))
    }
}
