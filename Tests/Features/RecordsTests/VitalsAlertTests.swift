import CareSyncCore
import CareSyncTesting
import Foundation
import Persistence
import Testing

@testable import Records

@Suite("Alerts about vitals")
struct VitalsAlertTests {
    @Test(
        "each limit raises its alert, and just short of it there is none so severe",
        arguments: VitalsThresholds.all.indices)
    func limits(_ index: Int) {
        let threshold = VitalsThresholds.all[index]
        func reached(_ value: Double) -> VitalsThreshold? {
            var measurements = Measurements()
            measurements[threshold.field] = value
            return VitalsThresholds.reached(by: measurements).first
        }
        let (at, short): (Double, Double) =
            switch threshold.side {
            case .atLeast: (threshold.limit, threshold.limit - 0.1)
            case .above: (threshold.limit + 0.1, threshold.limit)
            case .atMost: (threshold.limit, threshold.limit + 0.1)
            case .below: (threshold.limit - 0.1, threshold.limit)
            }
        #expect(reached(at)?.limit == threshold.limit)
        #expect(reached(at)?.level == threshold.level)
        #expect(reached(short)?.limit != threshold.limit)
        #expect(!threshold.source.isEmpty)
    }

    @Test("the critical limits of a field are looked at before its warnings")
    func order() {
        for field in VitalField.allCases {
            let levels = VitalsThresholds.all.filter { $0.field == field }.map(\.level)
            #expect(levels == levels.filter { $0 == .critical } + levels.filter { $0 == .warning })
        }
    }

    @Test("the table of the rules has every limit with its source")
    func documented() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(
            contentsOf: root.appendingPathComponent("Documentation/rules/vitals.md"), encoding: .utf8)
        for threshold in VitalsThresholds.all {
            let sign =
                switch threshold.side {
                case .atLeast: "≥"
                case .above: ">"
                case .atMost: "≤"
                case .below: "<"
                }
            let limit = Int(exactly: threshold.limit).map(String.init) ?? "\(threshold.limit)"
            let line = "| `\(threshold.field.rawValue)` | \(threshold.level.rawValue) | \(sign) \(limit) |"
            #expect(
                page.split(separator: "\n").contains { $0.hasPrefix(line) && $0.contains(threshold.source) }, "\(line)")
        }
    }

    @Test(
        "a critical value is mailed to the doctors who treat the patient, without values or names",
        arguments: DatabaseKind.available)
    func mails(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            _ = try await practice.app.registerDoctor()
            let before = try await practice.app.sentMails(to: Self.address(practice.doctor)).count
            let recorded = try await practice.record(#"{"systolicBP":211,"diastolicBP":95,"heartRate":77}"#)
            #expect(
                recorded["alerts"].list.map { "\($0["field"].string ?? "") \($0["level"].string ?? "")" }
                    == ["systolicBP CRITICAL", "diastolicBP WARNING"])
            #expect(recorded["alerts[0].limit"].double == 180)
            #expect(recorded["notice"].string?.contains("not continuously monitored") == true)
            let mails = try await practice.app.sentMails(to: Self.address(practice.doctor))
            #expect(mails.count == before + 1)
            let mail = try #require(mails.last)
            #expect(mail.text.contains("\(practice.patient.id)"))
            #expect(mail.text.contains("not continuously monitored"))
            for secret in ["211", "95 ", "Asha", "Verma", "systolic"] {
                #expect(!mail.subject.contains(secret))
                #expect(!mail.text.contains(secret), "\(secret)")
            }
            let all = try await practice.app.sentMails().filter { $0.subject == mail.subject }
            #expect(all.count == 1)
            // It stays with the row, delivered or not.
            #expect(try await practice.vitals(as: practice.doctor)["[0].alerts"].list.count == 2)
        }
    }

    @Test("a warning, and what was measured long ago, is shown and mailed to nobody", arguments: DatabaseKind.available)
    func silent(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            let before = try await practice.app.sentMails().count
            let warned = try await practice.record(#"{"heartRate":112}"#)
            #expect(warned["alerts[0].level"].string == "WARNING")
            let old = try await practice.record(#"{"heartRate":150,"recordedAt":"2026-03-09T08:00:00"}"#)
            #expect(old["alerts[0].level"].string == "CRITICAL")
            #expect(try await practice.app.sentMails().count == before)
        }
    }

    @Test("a doctor who no longer treats the patient, or is out, is not told", arguments: DatabaseKind.available)
    func notTreating(_ kind: DatabaseKind) async throws {
        try await withPractice(kind) { practice in
            _ = try await practice.record(#"{"heartRate":150}"#)
            try await practice.move("cancel")
            let mails = try await practice.app.sentMails(to: Self.address(practice.doctor))
            #expect(!mails.contains { $0.subject.hasPrefix("Measurements") })
        }
    }

    @Test("without a mail provider the alert is shown all the same", arguments: DatabaseKind.available)
    func withoutMail(_ kind: DatabaseKind) async throws {
        try await withPractice(kind, environment: ["CARESYNC_MAIL_URL": "off"]) { practice in
            #expect(try await practice.record(#"{"heartRate":150}"#)["alerts"].list.count == 1)
            #expect(try await practice.vitals()["[0].alerts"].list.count == 1)
            let waiting: Int? = try await practice.app.database.read { db in
                try db.value("SELECT count(*) FROM outbox WHERE kind = 'vitals.critical'")
            }
            #expect(waiting == 0)
        }
    }

    private static func address(_ user: TestUser) -> String { "\(user.username)@example.org" }
}
