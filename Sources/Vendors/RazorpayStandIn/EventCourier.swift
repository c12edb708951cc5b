/// Brings events to the merchant, again and again until it takes them, as the vendor does, but with shorter pauses.
struct EventCourier: Sendable {
    /// Returns the status of the merchant's answer; throws when there is none.
    typealias Send = @Sendable (StandInEvent) async throws -> Int

    let gateway: StandInGateway
    let send: Send

    /// Events that are on their way or wait for their next attempt.
    private static let most = 500
    private static let attempts = 20
    private static let longestPause = Duration.seconds(30)

    /// Until it is cancelled.
    func run() async {
        let underWay = InFlight()
        await withDiscardingTaskGroup { group in
            for await _ in gateway.signals {
                for event in gateway.takeEvents(atMost: Self.most - (await underWay.count)) {
                    await underWay.add(1)
                    group.addTask {
                        await bring(event)
                        await underWay.add(-1)
                        // There may be more than could be taken at once.
                        gateway.signalEvents()
                    }
                }
            }
            group.cancelAll()
        }
    }

    private func bring(_ event: StandInEvent) async {
        do {
            let delay = gateway.behaviour.eventDelay
            if delay > 0 { try await Task.sleep(for: .seconds(delay)) }
            var pause = Duration.milliseconds(250)
            for _ in 0..<Self.attempts {
                if await isTaken(event) { break }
                try await Task.sleep(for: pause)
                pause = min(pause * 2, Self.longestPause)
            }
            gateway.isDone(event)
        } catch {
            // The stand-in ends; what is kept in its file is sent by the next one.
        }
    }

    private func isTaken(_ event: StandInEvent) async -> Bool {
        guard let status = try? await send(event) else { return false }  // No answer is as good as a bad one.
        return (200..<300).contains(status)
    }
}

private actor InFlight {
    private(set) var count = 0

    func add(_ number: Int) { count += number }
}
