import CareSyncCore
import CareSyncTesting
import Foundation
import HTTPTypes
import Testing

@Suite("Free texts about appointments")
struct FreeTextTests {
    private static let bad = [
        "pain\u{202E}niap", "pain\u{1B}[31m", "pain\u{2028}more", "pain\u{2066}", "pain\u{E000}", "\u{2060}",
        "\u{200D}pain",
    ]

    private static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    @Test("reasons of all kinds refuse what cannot be read as it is stored", arguments: DatabaseKind.available)
    func refused(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let app = clinic.app
            let id = try await clinic.bookedID()
            for text in Self.bad {
                let query = Self.encoded(text)
                let replies = [
                    try await clinic.book("2026-03-11T11:00:00", reason: text), try await clinic.emergency(query),
                    try await clinic.addLeave("2026-03-20", "2026-03-20", reason: text),
                    try await app.delete("/api/appointments/patient/\(id)?reason=\(query)", as: clinic.patient),
                    try await clinic.move(id, "cancel?reason=\(query)"),
                ]
                for (number, reply) in replies.enumerated() {
                    #expect(reply.status == 400, "\(number) \(query)")
                    #expect(reply.fieldErrors == ["reason"], "\(number) \(query)")
                }
            }
        }
    }

    @Test("a reason may have several lines and any script; a blank one is none", arguments: DatabaseKind.available)
    func accepted(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            for (time, text) in [("10:00", "सिर दर्द\nseit gestern 👩🏽\u{200D}⚕\u{FE0F}"), ("11:00", " می\u{200C}خواهم ")] {
                let answer = try await clinic.book("2026-03-11T\(time):00", reason: text)
                #expect(answer["reason"].string == TextSort.trimmed(text))
            }
            for (time, text) in [("12:00", " \n"), ("13:00", "")] {
                #expect(try await clinic.book("2026-03-11T\(time):00", reason: text)["reason"].isNull)
            }
            #expect(try await clinic.addLeave("2026-03-20", "2026-03-20", reason: "\u{3000}")["reason"].isNull)
        }
    }

    @Test(
        "a holiday has a name that can be read", arguments: ["", " ", "\u{3164}", "A\u{202E}B", "A\nB", "A\u{2028}B"])
    func holiday(_ name: String) async throws {
        try await withClinic(.sqlite) { clinic in
            struct Day: Encodable, Sendable { let date: String, name: String }
            let admin = try await clinic.app.admin()
            let body = ["holidays": [Day(date: "2026-08-15", name: name)]]
            let reply = try await clinic.app.put("/api/clinic/holidays", as: admin, json: body)
            #expect(reply.status == 400)
            #expect(reply.fieldErrors == ["holidays"])
        }
    }
}
