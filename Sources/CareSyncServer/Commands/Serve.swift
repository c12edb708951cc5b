import CareSyncCore
import Documents
import FeatureContract
import HTTPServer
import Logging
import ObjectStorage
import RazorpayStandIn
import ServiceLifecycle
import Settings
import UnixSignals

extension Program {
    /// Serves HTTP and does the background work until SIGTERM or SIGINT; running requests are finished.
    package func serve() async throws {
        try await withSystem { system in
            let accounts = try await system.demoAccounts()
            let (listening, metricsPort) = AsyncStream<Int>.makeStream()
            let metrics = system.makeMetricsServer { metricsPort.yield($0) }
            let standIn = StandInService(system)
            let server = try system.makeServer(connections: OpenFiles.connections()) { port in
                standIn?.listens(on: port, of: system.configuration.host)
                // Whoever reads these lines finds both ports open.
                let other = metrics == nil ? nil : await listening.first { _ in true }
                output.write(startLines(system, accounts: accounts, port: port, metricsPort: other))
            }
            // The stand-in stops last: requests and jobs may be asking it.
            let first: [any Service] = standIn.map { [$0] } ?? []
            do {
                async let storage: Void = system.reportStorage()
                try await run(
                    system, services: first + system.services + (metrics.map { [$0] } ?? []) + [server])
                await storage
            } catch let failure as WebServer.ListenFailure {
                let isForMetrics = system.configuration.metricsPort.map { failure.address.hasSuffix(":\($0)") } ?? false
                let port = isForMetrics ? Setting.metricsPort : Setting.port
                throw Refusal(description: "\(failure) It is what \(Setting.host.name) and \(port.name) name.")
            }
        }
    }

    /// Does the background work only.
    package func work() async throws {
        try await withSystem { system in
            let line = "CareSync \(Release.version) works without HTTP on \(system.configuration.database.shown)"
            // Printed by a service of the group: from then on signals are handled, so a reader may send one.
            let announcement = Worker("announcement") { [output] in
                output.line(line)
                while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }  // Until it is cancelled.
            }
            async let storage: Void = system.reportStorage()
            try await run(system, services: system.services + [WorkerService(worker: announcement)])
            await storage
        }
    }

    /// The last service stops first, so requests end before the services they hand work to.
    private func run(_ system: CareSync, services: [any Service]) async throws {
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: system.logger)
        configuration.maximumGracefulShutdownDuration = .seconds(20)
        try await ServiceGroup(configuration: configuration).run()
    }

    private func address(_ system: CareSync, port: Int) -> String {
        let host = system.configuration.host
        return "http://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    private func startLines(_ system: CareSync, accounts: [String], port: Int, metricsPort: Int?) -> String {
        let configuration = system.configuration
        let address = self.address(system, port: port)
        var lines = ["CareSync \(Release.version) serves \(address) (\(configuration.mode.rawValue))"]
        lines.append("  database    \(configuration.database.shown)")
        if configuration.web.hasDocuments {
            lines.append("  OpenAPI     \(address)\(DocumentPages.documentPath)")
            if DocumentPages.swaggerDirectory != nil { lines.append("  Swagger UI  \(address)/swagger-ui") }
        }
        if let metricsPort {
            lines.append("  metrics     \(self.address(system, port: metricsPort))\(MetricsEndpoints.path)")
        }
        if let standIn = configuration.standIn {
            lines.append("  payments    stand-in of Razorpay on \(standIn.address), no money moves")
        }
        if !accounts.isEmpty { lines.append("  demo        \(accounts.joined(separator: ", "))") }
        if configuration.mode == .development {
            lines.append("  Development mode: keys made on this machine; for invented data only.")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension CareSync {
    fileprivate var services: [any Service] { workers.map(WorkerService.init) }

    /// Documents may lie elsewhere; a new store is marked as this installation's. Everything else works without them, so the server starts all the same.
    fileprivate func reportStorage() async {
        do {
            try await documents.store.prove()
        } catch {
            logger.error("the documents' store cannot be used", metadata: ["error": "\(error)"])
        }
    }
}
