import Testing

@testable import Cryptography

@Suite("Opaque names of rows")
struct OpaqueIDTests {
    private static func names(_ byte: UInt8) throws -> OpaqueIDs {
        OpaqueIDs(SecretBytes([UInt8](repeating: byte, count: 32)))
    }

    @Test("a name turns back into its id", arguments: [Int64(1), 42, 9_007_199_254_740_991])
    func turnsBack(_ id: Int64) throws {
        let name = try Self.names(1).name(of: id)
        #expect(name.count == 32)
        #expect(try Self.names(1).name(of: id) == name)
        #expect(try Self.names(1).id(of: name) == id)
    }

    @Test("neighbouring ids have names that share nothing to speak of, and other keys other names")
    func unrelated() throws {
        let (one, two) = (try Self.names(1).name(of: 1), try Self.names(1).name(of: 2))
        #expect(zip(one, two).filter { $0 == $1 }.count < 12)
        #expect(try Self.names(2).name(of: 1) != one)
        #expect(try Self.names(2).id(of: one) == nil)
    }

    @Test("a made-up name is no name")
    func madeUp() throws {
        let name = try Self.names(1).name(of: 7)
        for text in [
            "", "7", name.uppercased() + "A", String(name.dropLast()), String(repeating: "0", count: 32), name + "00",
        ] {
            #expect(try Self.names(1).id(of: text) == nil)
        }
    }
}
