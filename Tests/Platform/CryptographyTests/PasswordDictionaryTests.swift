import Cryptography
import Testing

@Suite("Dictionary of common passwords")
struct PasswordDictionaryTests {
    @Test("the machine's dictionary knows common words, the first and the last one too")
    func words() throws {
        let dictionary = try #require(PasswordDictionary.system)
        #expect(dictionary.count > 10_000)
        for word in ["password", "iloveyou", "sunshine", "1qaz2wsx", "zoology"] {
            #expect(dictionary.contains(word), "\(word)")
        }
    }

    @Test(
        "what is no word of it is not found",
        arguments: [
            "", "correct horse battery", "kvwxqzjq", "password\u{0}", "pässword", "~~~~~~~~", "!!!!!!!!", "zzzzzzzzzzz",
            String(repeating: "password", count: 200),
        ])
    func others(_ word: String) throws {
        let dictionary = try #require(PasswordDictionary.system)
        #expect(!dictionary.contains(word))
    }

    @Test("a dictionary that is not there cannot be opened")
    func missing() {
        #expect(PasswordDictionary(path: "/nowhere/cracklib_dict") == nil)
    }

    @Test("many may look at once")
    func parallel() async throws {
        let dictionary = try #require(PasswordDictionary.system)
        let words = ["password", "kvwxqzjq", "sunshine", "computer", "qqqqzzzz", "elephant"]
        let found = await withTaskGroup(of: Set<String>.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    var found: Set<String> = []
                    for round in 0..<600 where dictionary.contains(words[round % words.count]) {
                        found.insert(words[round % words.count])
                    }
                    return found
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(found.allSatisfy { $0 == ["password", "sunshine", "computer", "elephant"] })
    }
}
