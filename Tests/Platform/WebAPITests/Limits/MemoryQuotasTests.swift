import CareSyncCore
import Testing

@testable import WebAPI

@Suite("Quotas in memory")
struct MemoryQuotasTests {
    private let quota = Quota(5, per: .seconds(10))
    private let start = Instant(seconds: 1_000_000)
    private let key = QuotaKey(kind: .read, client: .network("192.0.2.1"))

    @Test("a quota can be used up at once, and is earned back evenly")
    func burst() {
        let store = MemoryQuotas()
        for left in (Int64(0)...4).reversed() {
            let state = store.take(1, of: quota, for: key, at: start)
            #expect(state == QuotaState(isAdmitted: true, remaining: left, seconds: (5 - left) * 2))
        }
        let refused = QuotaState(isAdmitted: false, remaining: 0, seconds: 2)
        for _ in 0..<3 { #expect(store.take(1, of: quota, for: key, at: start) == refused) }
        let soon = start + .milliseconds(1_999)
        #expect(store.take(1, of: quota, for: key, at: soon) == QuotaState(isAdmitted: false, remaining: 0, seconds: 1))
        #expect(store.take(1, of: quota, for: key, at: start + .seconds(2)).isAdmitted)
        #expect(!store.take(1, of: quota, for: key, at: start + .seconds(2)).isAdmitted)
        #expect(store.take(1, of: quota, for: key, at: start + .seconds(100)).remaining == 4)
    }

    @Test("clients and classes have quotas of their own")
    func keys() {
        let store = MemoryQuotas()
        for _ in 0..<6 { _ = store.take(1, of: quota, for: key, at: start) }
        for other in [
            QuotaKey(kind: .write, client: .network("192.0.2.1")), QuotaKey(kind: .read, client: .network("192.0.2.2")),
            QuotaKey(kind: .read, client: .account(UserID(1))), QuotaKey(kind: .read, client: .account(UserID(2))),
        ] {
            #expect(store.take(1, of: quota, for: other, at: start).remaining == 4)
        }
    }

    @Test("what is given back can be used again, and an expensive request draws more")
    func costs() {
        let store = MemoryQuotas()
        #expect(store.take(3, of: quota, for: key, at: start).remaining == 2)
        #expect(!store.take(3, of: quota, for: key, at: start).isAdmitted)
        store.giveBack(3, to: quota, for: key, at: start)
        #expect(store.take(5, of: quota, for: key, at: start).remaining == 0)
    }

    @Test("a charge is drawn also when less is left, and the rest is owed, at most a whole quota")
    func debt() {
        let store = MemoryQuotas()
        for _ in 0..<4 { _ = store.take(1, of: quota, for: key, at: start) }
        store.charge(3, to: quota, for: key, at: start)
        #expect(store.take(1, of: quota, for: key, at: start).seconds == 6)
        #expect(!store.take(1, of: quota, for: key, at: start + .milliseconds(5_999)).isAdmitted)
        #expect(store.take(1, of: quota, for: key, at: start + .seconds(6)).isAdmitted)
        for _ in 0..<9 { store.charge(3, to: quota, for: key, at: start + .seconds(6)) }
        #expect(!store.take(1, of: quota, for: key, at: start + .seconds(17)).isAdmitted)
        #expect(store.take(1, of: quota, for: key, at: start + .seconds(18)).isAdmitted)
    }

    @Test("a clock that was set back keeps nobody waiting for longer than a window")
    func clockSetBack() {
        let store = MemoryQuotas()
        for _ in 0..<5 { _ = store.take(1, of: quota, for: key, at: start + .days(1)) }
        let state = store.take(1, of: quota, for: key, at: start)
        #expect(!state.isAdmitted)
        #expect(state.seconds == 2)
        #expect(store.take(1, of: quota, for: key, at: start + .seconds(2)).isAdmitted)
    }

    @Test("of many at once exactly the quota is admitted")
    func parallel() async {
        let store = MemoryQuotas()
        let admitted = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (0..<100).count { _ in
                        store.take(1, of: Quota(50, per: .seconds(10)), for: key, at: start).isAdmitted
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(admitted == 50)
    }

    @Test("memory is bounded, and a flood of other clients locks nobody out")
    func bounded() {
        let store = MemoryQuotas()
        for client in Int64(1)...600_000 {
            _ = store.take(1, of: quota, for: QuotaKey(kind: .read, client: .account(UserID(client))), at: start)
        }
        #expect(store.count <= 64 * 2 * 2_048)
        #expect(store.count > 64 * 2_048)
        #expect(store.take(1, of: quota, for: key, at: start).isAdmitted)
    }
}
