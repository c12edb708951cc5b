import Testing

@testable import Concurrency

@Suite("A bounded queue of jobs")
struct JobQueueTests {
    @Test("jobs of one lane run as they came")
    func plain() {
        let queue = JobQueue<Int>(bound: 10)
        for job in 1...3 { #expect(queue.push(job) == nil) }
        #expect(queue.pop() == 1)
        #expect(queue.popAll(limit: 5) == [2, 3])
    }

    @Test("a lane with many jobs lets the others have their turn")
    func lanes() {
        let queue = JobQueue<String>(bound: 100)
        for number in 1...4 { #expect(queue.push("a\(number)", lane: "a") == nil) }
        for lane in ["b", "c"] { #expect(queue.push("\(lane)1", lane: lane) == nil) }
        #expect(queue.popAll(limit: 10) == ["a1", "b1", "c1", "a2", "a3", "a4"])
    }

    @Test("a priority goes first, however many wait behind it")
    func priorities() {
        let queue = JobQueue<String>(bound: 100)
        for number in 1...3 { #expect(queue.push("register\(number)", lane: "a") == nil) }
        #expect(queue.push("sign in 1", lane: "a", priority: .first) == nil)
        #expect(queue.push("sign in 2", lane: "b", priority: .first) == nil)
        #expect(queue.popAll(limit: 3) == ["sign in 1", "sign in 2", "register1"])
    }

    @Test("a full queue refuses the newcomer, unless another lane holds more of it")
    func fullByLanes() {
        let queue = JobQueue<String>(bound: 4)
        for number in 1...4 { #expect(queue.push("a\(number)", lane: "a") == nil) }
        #expect(queue.push("a5", lane: "a") == "a5")
        #expect(queue.push("b1", lane: "b") == "a4")
        #expect(queue.push("b2", lane: "b") == "a3")
        #expect(queue.push("b3", lane: "b") == "b3")
        #expect(queue.popAll(limit: 10) == ["a1", "b1", "a2", "b2"])
    }

    @Test("a full queue makes room for what goes first, and never at its cost")
    func fullByPriority() {
        let queue = JobQueue<String>(bound: 2)
        for number in 1...2 { #expect(queue.push("r\(number)", lane: "\(number)") == nil) }
        #expect(queue.push("s1", lane: "1", priority: .first) != nil)
        #expect(queue.push("s2", lane: "2", priority: .first) != nil)
        #expect(queue.push("r3", lane: "3") == "r3")
        #expect(queue.popAll(limit: 10) == ["s1", "s2"])
    }

    @Test("what may join the first job leaves with it, up to the first that may not")
    func joining() {
        let queue = JobQueue<Int>(bound: 10)
        for job in [2, 4, 6, 7, 8] { #expect(queue.push(job) == nil) }
        let isEven = { (job: Int) in job.isMultiple(of: 2) }
        #expect(queue.pop(limit: 2, joining: isEven) == [2, 4])
        #expect(queue.pop(limit: 9, joining: isEven) == [6])
        #expect(queue.pop(limit: 9, joining: isEven) == [7])
    }

    @Test("a closed queue hands out what waits, takes nothing more and wakes sleeping threads")
    func closing() async throws {
        let queue = JobQueue<Int>(bound: 10)
        #expect(queue.push(1) == nil)
        queue.close()
        #expect(queue.push(2) == 2)
        #expect(queue.pop() == 1)
        #expect(queue.pop() == nil)

        let empty = JobQueue<Int>(bound: 10)
        async let sleeper = OwnThread.run("sleeper") { empty.pop() }
        empty.close()
        #expect(try await sleeper == nil)
    }

    @Test("every job of many callers runs once, on some thread")
    func many() async throws {
        let pool = try BlockingThreads<Void>(
            name: "many", count: 3, queueLimit: 1_000, refusal: { _ in NoThread() }, makeScratch: {})
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 1...500 {
                group.addTask { try await pool.run(lane: "\(number % 7)") { _ in number } }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 500 * 501 / 2)
    }
}
