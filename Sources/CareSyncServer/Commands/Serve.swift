import CareSyncCore
import FeatureContract
import HTTPServer
import Logging
import ServiceLifecycle
import Settings
import UnixSignals

extension Program {
    /// Serves HTTP and does the background work until SIGTERM or SIGINT; running requests are finished.
    package func serve() async throws {
        try await withSystem { system in
            let accounts = try await system.demoAccounts()
            let server = try system.makeServer(connections: OpenFiles.connections()) { port in
                output.write(startLines(system, accounts: accounts, port: port))
            }
            do {
                try await run(system, services: system.services + [server])
            } catch let failure as WebServer.ListenFailure {
                throw Refusal(
                    description: "\(failure) It is what \(Setting.host.name) and \(Setting.port.name) name.")
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
            try await run(system, services: system.services + [WorkerService(worker: announcement)])
        }
    }

    /// The last service stops first, so requests end before the services they hand work to.
    private func run(_ system: CareSync, services: [any Service]) async throws {
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: system.logger)
        configuration.maximumGracefulShutdownDuration = .seconds(20)
        try await ServiceGroup(configuration: configuration).run()
    }

    private func startLines(_ system: CareSync, accounts: [String], port: Int) -> String {
        let configuration = system.configuration
        let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
        let address = "http://\(host):\(port)"
        var lines = ["CareSync \(Release.version) serves \(address) (\(configuration.mode.rawValue))"]
        lines.append("  database    \(configuration.database.shown)")
        if configuration.web.hasDocuments {
            lines.append("  OpenAPI     \(address)\(DocumentPages.documentPath)")
            if DocumentPages.swaggerDirectory != nil { lines.append("  Swagger UI  \(address)/swagger-ui") }
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
}
