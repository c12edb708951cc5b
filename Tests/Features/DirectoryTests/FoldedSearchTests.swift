import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@testable import Directory

@Suite("Searches in any script")
struct FoldedSearchTests {
    private static func people() -> [NewDoctor] {
        var greta = doctor(10, "Ärztin", "Müller-Öz")
        greta.gender = "Weiblich Ä"
        greta.languages = ["Türkçe", "Français"]
        var ipek = doctor(11, "İpek", "Işık")
        ipek.gender = "KADIN"
        ipek.languages = ["TÜRKÇE"]
        var asha = doctor(12, "आशा", "वर्मा")
        asha.languages = ["हिन्दी", "Ελληνικά"]
        let kelvin = doctor(13, "Zoe\u{301}", "Kelvin")
        return [greta, ipek, asha, kelvin]
    }

    @Test(
        "case and composition of letters do not matter, in any script and on either database",
        arguments: DatabaseKind.available)
    func finds(_ kind: DatabaseKind) async throws {
        let searches: [(query: String, found: [Int64])] = [
            ("name=ÄRZTIN", [10]), ("name=ärztin m", [10]), ("name=A\u{308}RZTIN", [10]), ("name=MÜLLER-ÖZ", [10]),
            ("name=arztin", []),
            ("name=İPEK", [11]), ("name=ipek", [11]), ("name=IPEK", [11]), ("name=IŞIK", [11]), ("name=ışık", [11]),
            ("name=आशा", [12]), ("name=शा व", [12]), ("name=आश्", []),
            ("name=ZOÉ", [13]), ("name=zoe\u{301} k", [13]),
            ("gender=WEIBLICH ä", [10]), ("gender=kadın", [11]), ("gender=kadin", [11]),
            ("language=türkçe", [10, 11]), ("language=FRANÇAIS", [10]), ("language=हिन्दी", [12]),
            ("language=ΕΛΛΗΝΙΚΆ", [12]), ("language=हिन्", []),
        ]
        try await withDirectory(kind) { app in
            try await app.seed(Self.people())
            for (query, found) in searches {
                let parts = query.split(separator: "=").map(String.init)
                let reply = try await app.get("/api/doctors?\(parts[0])=\(encoded(parts[1]))", as: .patient)
                #expect(try reply.decode([DoctorResponse].self).map(\.id.rawValue) == found, "\(query)")
            }
        }
    }

    @Test("lists by name have one order on both databases", arguments: DatabaseKind.available)
    func order(_ kind: DatabaseKind) async throws {
        let names = ["zoe", "Ärzte", "ana-b", "Ana", "आशा", "anab", "Zoe", "ébène"]
        try await withDirectory(kind) { app in
            try await app.seed(names.enumerated().map { doctor(Int64(10 + $0.offset), $0.element, "X") })
            let reply = try await app.get("/api/doctors?sort=name", as: .patient)
            let found = try reply.decode([DoctorResponse].self).map(\.firstName)
            #expect(found == ["Ana", "ana-b", "anab", "zoe", "Zoe", "Ärzte", "ébène", "आशा"])
        }
    }
}
