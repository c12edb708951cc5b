import CareSyncCore
import RazorpayStandIn
import ServiceLifecycle

/// The stand-in of Razorpay that `serve` runs in development without an account at Razorpay.
struct StandInService: Service {
    let runner: StandInRunner
    private let target: StandInRunner.WebhookTarget

    /// `nil` where the program pays at Razorpay, or cannot be paid at all.
    init?(_ system: CareSync) {
        guard let account = system.configuration.standIn else { return nil }
        target = StandInRunner.WebhookTarget()
        runner = StandInRunner(
            folder: StandInFolder(dataDirectory: system.configuration.dataDirectory), account: account, target: target,
            logger: system.logger)
    }

    /// From now on events come to this port.
    func listens(on port: Int, of host: String) {
        // Whoever listens on every address listens on this one.
        let own = ["0.0.0.0", "::", "localhost"].contains(host) ? "127.0.0.1" : host
        let shown = own.contains(":") ? "[\(own)]" : own
        target.set("http://\(shown):\(port)/api/payments/webhook/razorpay")
    }

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await runner.run() }
    }
}
