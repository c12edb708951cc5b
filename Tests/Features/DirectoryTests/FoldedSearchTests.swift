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
            ("name=arztin", [10]), ("name=Müller", [10]), ("name=öz", [10]), ("name=mulleroz", [10]),
            ("name=rztin", []), ("name=MULLER ARZT", [10]), ("name=Muller Ipek", []),
            ("name=İPEK", [11]), ("name=ipek", [11]), ("name=IPEK", [11]), ("name=IŞIK", [11]), ("name=ışık", [11]),
            ("name=आशा", [12]), ("name=व आ", [12]), ("name=आश्", []), ("name=अशा", []),
            ("name=ZOÉ", [13]), ("name=zoe\u{301} k", [13]), ("name=zoe", [13]),
            ("gender=WEIBLICH ä", [10]), ("gender=kadın", [11]), ("gender=kadin", [11]),
            ("language=türkçe", [10, 11]), ("language=FRANÇAIS", [10]), ("language=francais", [10]),
            ("language=हिन्दी", [12]),
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
            #expect(found == ["Ana", "ana-b", "anab", "Ärzte", "ébène", "zoe", "Zoe", "आशा"])
        }
    }

    @Test(
        "people are found by the beginnings of their words, in any order, without marks, joints and titles",
        arguments: DatabaseKind.available)
    func words(_ kind: DatabaseKind) async throws {
        let people: [(first: String, last: String)] = [
            ("José", "Núñez"), ("Sean", "O'Neill"), ("Asha", "Verma"), ("Klaus", "Straße"), ("Νίκος", "Παπαδόπουλος"),
            ("Émile", "Zola"), ("Drew", "Ashton"), ("Moritz", "M%\u{301}z"),
        ]
        let everyone = people.indices.map { Int64(10 + $0) }
        let searches: [(name: String, found: [Int64])] = [
            ("Jose Nunez", [10]), ("Núñez josé", [10]), ("JOSÉ", [10]), ("osé", []), ("ONeill", [11]),
            ("o'neill", [11]),
            ("O’Neill", [11]), ("neill", [11]), ("Verma Asha", [12]), ("ver ash", [12]), ("ash", [12, 16]),
            ("STRASSE", [13]), ("strasse klaus", [13]), ("ΝΊΚΟΣ", [14]), ("νικος παπ", [14]), ("emile", [15]),
            ("Dr. Asha Verma", [12]), ("Dr.Asha Verma", [12]), ("Prof. Dr. Zola", [15]), ("dr verma", [12]),
            ("dr", everyone), ("Dr.", everyone), ("doctor", everyone), ("Drew", [16]), ("doctor drew", [16]),
            ("m%\u{301}z", [17]), ("m%", [17]), ("%", []), ("_", []), ("m_\u{301}z", []), ("a b c d e f g", []),
        ]
        try await withDirectory(kind) { app in
            try await app.seed(people.enumerated().map { doctor(Int64(10 + $0), $1.first, $1.last) })
            for (name, found) in searches {
                let reply = try await app.get("/api/doctors?name=\(encoded(name))", as: .patient)
                #expect(try reply.decode([DoctorResponse].self).map(\.id.rawValue) == found, "\(name)")
            }
        }
    }

    @Test("Émile sorts beside Emil and not behind Zoe", arguments: DatabaseKind.available)
    func sorting(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            let names = ["Zoe", "Émile", "Emil", "Fay", "Ågot"]
            try await app.seed(names.enumerated().map { doctor(Int64(10 + $0.offset), $0.element, "X") })
            let up = try await app.get("/api/doctors?sort=name", as: .patient).decode([DoctorResponse].self)
            #expect(up.map(\.firstName) == ["Ågot", "Emil", "Émile", "Fay", "Zoe"])
            let down = try await app.get("/api/doctors?sort=-name", as: .patient).decode([DoctorResponse].self)
            #expect(down.map(\.firstName) == ["Zoe", "Fay", "Émile", "Emil", "Ågot"])
        }
    }

    @Test("a search by name reads a range of the words' key", arguments: DatabaseKind.available)
    func plan(_ kind: DatabaseKind) async throws {
        try await withDirectory(kind) { app in
            try await app.seed((1...300).map { doctor(Int64(100 + $0), "Name\($0)", "Rao") })
            var search = DoctorSearch()
            search.nameWords = ["name17"]
            let plan = try await app.other.write { [search] db in
                var lines: [String] = []
                if kind == .postgres { try db.run("ANALYZE doctor_name_words") }
                let explain: SQL = kind == .postgres ? "EXPLAIN" : "EXPLAIN QUERY PLAN"
                try db.query("\(explain) SELECT d.id FROM doctors d\(search.conditions)") { row in
                    lines.append(try row.value(kind == .postgres ? "QUERY PLAN" : "detail"))
                }
                return lines.joined(separator: "\n")
            }
            let index = kind == .postgres ? "doctor_name_words_once" : "sqlite_autoindex_doctor_name_words_1"
            #expect(plan.contains(index), "\(plan)")
            #expect(!plan.contains("Seq Scan on doctor_name_words"), "\(plan)")
            #expect(!plan.contains("SCAN w"), "\(plan)")
        }
    }
}
