import CareSyncCore
import WebAPI

/// What a request pays for its quotas: nanoseconds for one draw of an address and one of an account, among so many
/// clients. Prints one line for each number of clients.
@main
struct BenchmarkLimits {
    static func main() async {
        for clients in [1, 1_000, 100_000] {
            let store: any QuotaStore = MemoryQuotas()
            let addresses = (0..<clients).map { "203.\($0 >> 16).\($0 >> 8 & 255).\($0 & 255)" }
            let rounds = 2_000_000
            let quota = Quota(60_000_000, per: .minutes(1))
            let clock = ContinuousClock()
            var admitted = 0
            let start = clock.now
            for round in 0..<rounds {
                let now = Instant(microseconds: Int64(round))
                let network = IPAddress.network(of: addresses[round % clients])
                let address = await store.take(
                    1, of: quota, for: QuotaKey(kind: .read, client: .network(network)), at: now)
                let account = await store.take(
                    1, of: quota, for: QuotaKey(kind: .read, client: .account(UserID(Int64(round % clients + 1)))),
                    at: now)
                if address.isAdmitted, account.isAdmitted { admitted += 1 }
            }
            let spent = clock.now - start
            let nanoseconds = Double(spent.components.attoseconds) / 1e9 + Double(spent.components.seconds) * 1e9
            print("\(clients) clients: \(Int(nanoseconds / Double(rounds))) ns a request, \(admitted) admitted")
        }
    }
}
