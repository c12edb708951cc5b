import ArgumentParser
import CareSyncServer
import Foundation
import Settings

@main
struct CareSyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "caresync",
        abstract: "A digital-health backend: doctors, patients, appointments.",
        discussion: """
            Every command reads the same environment; `caresync settings` lists the variables. Without any, \
            CareSync keeps its data in ./data and listens on http://127.0.0.1:8080.
            """,
        version: Release.version,
        subcommands: [
            ServeCommand.self, WorkerCommand.self, MigrateCommand.self, SeedCommand.self, CreateAdminCommand.self,
            OpenAPICommand.self, CheckCommand.self, SettingsCommand.self, AuditCommand.self, KeysCommand.self,
        ])

    @MainActor
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var waiting = command as? any AsyncParsableCommand {
                try await waiting.run()
            } else {
                try command.run()
            }
        } catch let mistakes as ConfigurationMistakes {
            StandardStreams.error.line("\(mistakes)")
            Foundation.exit(78)  // EX_CONFIG of sysexits.h
        } catch {
            exit(withError: error)
        }
    }
}

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve the API.",
        discussion: "Creates what is missing, migrates the database and serves until SIGTERM or SIGINT.")

    func run() async throws { try await Program().serve() }
}

struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Do the background work without serving HTTP.",
        discussion: "Reminders, time-outs and mail; `serve` does them too, and any number of processes may.")

    func run() async throws { try await Program().work() }
}

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Migrate the database to the schema of this version.")

    @Flag(help: "Only list the missing migrations.")
    var dryRun = false

    func run() async throws { try await Program().migrate(isDryRun: dryRun) }
}

struct SeedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seed", abstract: "Add the demo's invented people.",
        discussion: "Running it again changes nothing. Production refuses it: the passwords are in the documentation.")

    @Flag(help: "The demo's doctors, patients and appointments.")
    var demo = false

    func run() async throws {
        guard demo else { throw ValidationError("Choose what to add: --demo") }
        try await Program().seedDemo()
    }
}

struct CreateAdminCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create-admin", abstract: "Create an administrator's account.",
        discussion: """
            The password is read from standard input: `caresync create-admin … < file`. On a terminal one is made, \
            shown once, and must be changed at the first sign-in.
            """)

    @Option(help: "The name to sign in with.")
    var username: String

    @Option(help: "The e-mail address.")
    var email: String

    func run() async throws {
        let password = isatty(0) == 1 ? nil : readLine(strippingNewline: true)
        try await Program().createAdmin(username: username, email: email, password: password)
    }
}

struct OpenAPICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openapi", abstract: "Print the OpenAPI document.")

    func run() async throws { StandardStreams.output.write(try await Program.openAPI()) }
}

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Show the effective configuration and whether the database answers.",
        discussion: "Secrets are masked and nothing is written. Exits with 1 when something is wrong.")

    func run() async throws {
        guard try await Program().check() else { throw ExitCode.failure }
    }
}

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Work with the audit log.", subcommands: [AuditVerifyCommand.self])
}

struct AuditVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check every row of the audit log and name the first bad one.",
        discussion: """
            Needs the CARESYNC_ROOT_SECRET the rows were written under; may run beside a server. Rows cut off at the end \
            are found by the checkpoints that servers write every minute: keep copies of that file elsewhere. Exits with \
            1 when something is wrong.
            """)

    @Option(help: "A file of checkpoints; audit-checkpoints.jsonl in CARESYNC_DATA_DIR unless given.")
    var checkpoints: String?

    func run() async throws {
        guard try await Program().verifyAudit(checkpoints: checkpoints) else { throw ExitCode.failure }
    }
}

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Work with the keys of patients' data.", subcommands: [KeysRotateCommand.self])
}

struct KeysRotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Wrap every data key by the first key of CARESYNC_ENCRYPTION_KEYS.",
        discussion: """
            May run beside servers, and can be stopped and repeated at any time. Afterwards the other keys can be taken \
            out of the variable. Exits with 1 when some key or value does not open; what does not stays as it is.
            """)

    @Flag(help: "Only tell what there is to do.")
    var dryRun = false

    @Flag(help: "Also give every patient a new data key, and encrypt everything anew. Takes six minutes at least.")
    var reencrypt = false

    func run() async throws {
        guard try await Program().rotateKeys(isDryRun: dryRun, reencrypts: reencrypt) else { throw ExitCode.failure }
    }
}

struct SettingsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings", abstract: "List the environment variables.")

    func run() throws {
        for setting in Setting.all {
            StandardStreams.output.line("\(setting.name)\n    \(setting.meaning)")
        }
        StandardStreams.output.line("A secret may also be read from a file named by the variable with _FILE behind it.")
    }
}
