import CareSyncCore
import Testing

@testable import Cryptography

@Suite("Keys of the configuration")
struct KeyTests {
    private let key32 = Base64.text((0..<32).map { UInt8($0) })
    private let other32 = Base64.text((32..<64).map { UInt8($0) })

    @Test("base64 is read in both alphabets, padded or not", arguments: ["+/8=", "-_8=", "-_8", "+/8", " +/8=\n"])
    func base64Forms(text: String) {
        #expect(Base64.decode(text) == [0xFB, 0xFF])
    }

    @Test("what is not base64 is refused", arguments: ["a", "ab=", "ab===", "a*bc", "ab cd", "abcd="])
    func base64Refusals(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test("a root secret under 32 bytes is refused with its size")
    func shortRoot() {
        #expect(complaint { _ = try RootSecret([UInt8](0..<31)) } == "has 31 bytes; at least 32 are needed")
        #expect(complaint { _ = try RootSecret(base64: "  ") } == "is empty")
        #expect(complaint { _ = try RootSecret(base64: "not base64!") } == "is not base64")
        #expect(complaint { _ = try RootSecret([UInt8](repeating: 0, count: 32)) } != nil)
    }

    @Test("keys of different purposes and roots differ, and a key is the same at each derivation")
    func derivation() throws {
        let root = try RootSecret([UInt8](0..<32))
        let other = try RootSecret([UInt8](1..<33))
        let keys = KeyPurpose.allCases.map { root.derive($0).bytes }
        #expect(Set(keys).count == KeyPurpose.allCases.count)
        #expect(keys.allSatisfy { $0.count == 32 })
        #expect(root.derive(.link) == root.derive(.link))
        #expect(root.derive(.link) != other.derive(.link))
    }

    @Test("derived keys stay what they are, or stored data becomes unreadable")
    func pinnedDerivation() throws {
        let root = try RootSecret([UInt8](0..<32))
        let expected = "83070bd19c4bad941e35c7d5aa86c86507e0a0e37b7c069ecd0ba371e3fa59a2"
        #expect(Hex.text(root.derive(.auditChain).bytes) == expected)
    }

    @Test("no description of a secret shows its content")
    func hiddenContent() throws {
        let secret = SecretBytes(utf8("correct horse battery staple!!!!"))
        var dumped = ""
        dump(secret, to: &dumped)
        let ring = try KeyRing(parsing: "a:\(key32)")
        dump(ring, to: &dumped)
        dump(try RootSecret(utf8("correct horse battery staple!!!!")), to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped, "\(ring)"] {
            #expect(!text.contains("horse"))
            #expect(!text.contains("104"))
            #expect(!text.contains("31"))
        }
        #expect("\(secret)" == "<32 secret bytes>")
    }

    @Test("the first key of a ring writes and every key is found by its id")
    func ringOrder() throws {
        let ring = try KeyRing(parsing: "2026-03:\(key32), old_1:\(other32)\n")
        #expect(ring.writing.id == "2026-03")
        #expect(ring.entries.map(\.id) == ["2026-03", "old_1"])
        #expect(ring.key("old_1")?.bytes == [UInt8](32..<64))
        #expect(ring.key("other") == nil)
    }

    @Test("a mistake in a key ring is named by its entry and never shows a key")
    func ringMistakes() {
        let short = Base64.text([1, 2, 3])
        let cases: [(String, String)] = [
            ("", "is empty"),
            (key32, "entry 1 is not of the form id:base64"),
            ("a:\(key32),", "entry 2 is not of the form id:base64"),
            ("a b:\(key32)", "entry 1 needs an id of 1 to 32 letters, digits, '_' or '-'"),
            ("\(key32):a", "entry 1 needs an id of 1 to 32 letters, digits, '_' or '-'"),
            (":\(key32)", "entry 1 needs an id of 1 to 32 letters, digits, '_' or '-'"),
            ("a:\(key32),b:\(short)", "entry 2 ('b') has 3 bytes; exactly 32 are needed"),
            ("a:***", "entry 1 ('a') is not base64 after the colon"),
            ("a:\(key32),a:\(other32)", "entry 2 ('a') repeats an id"),
            ("a:\(key32),b:\(key32)", "entry 2 ('b') repeats the key of another entry"),
        ]
        for (text, message) in cases {
            #expect(complaint { _ = try KeyRing(parsing: text) } == message)
        }
    }
}

@Suite("Hashes")
struct HashTests {
    @Test("SHA-256 gives the published value")
    func sha256() {
        #expect(
            Hex.text(Digest.sha256(utf8("abc")))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    /// RFC 4231, test cases 1, 2, 3 and 6.
    static let vectors: [(key: [UInt8], data: [UInt8], code: String)] = [
        (
            [UInt8](repeating: 0x0B, count: 20), utf8("Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            utf8("Jefe"), utf8("what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            [UInt8](repeating: 0xAA, count: 131), utf8("Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
    ]

    @Test("HMAC-SHA-256 gives the published values", arguments: 0..<4)
    func hmac(index: Int) {
        let vector = Self.vectors[index]
        let hash = KeyedHash(SecretBytes(vector.key))
        #expect(Hex.text(hash.code(for: vector.data)) == vector.code)
        #expect(hash.isValid(bytes(vector.code), for: vector.data))
        #expect(!hash.isValid(bytes(vector.code), for: vector.data + [0]))
    }

    @Test("equality in constant time is equality")
    func constantTime() {
        #expect(constantTimeEquals([], []))
        #expect(constantTimeEquals([1, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEquals([1, 2, 3], [9, 2, 3]))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2]))
    }

    @Test("parts cannot be shifted into each other")
    func parts() {
        let hash = KeyedHash(SecretBytes([UInt8](0..<32)))
        #expect(hash.code(forParts: [utf8("ab"), utf8("c")]) != hash.code(forParts: [utf8("a"), utf8("bc")]))
        #expect(hash.code(forParts: [utf8("ab")]) != hash.code(forParts: [utf8("ab"), []]))
    }

    @Test("a blind index finds a text in any spelling, in its own column only")
    func blindIndex() {
        let key = SecretBytes([UInt8](0..<32))
        let emails = BlindIndex(key, column: "users.email")
        let code = emails.code(for: "jos\u{E9}@example.org")
        #expect(emails.code(for: " JOSE\u{301}@Example.ORG\n") == code)
        #expect(emails.code(for: "jos\u{E9}@\u{FF45}xample.org") == code)
        #expect(emails.code(for: "jose@example.org") != code)
        #expect(BlindIndex(key, column: "users.phone").code(for: "jos\u{E9}@example.org") != code)
    }
}
