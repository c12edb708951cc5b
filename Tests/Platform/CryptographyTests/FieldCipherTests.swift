import CareSyncCore
import Testing

@testable import Cryptography

@Suite("Field encryption")
struct FieldCipherTests {
    private let cipher = FieldCipher(random: .system)
    private let key = DataKey(generation: 258, random: .system)
    private let place = FieldContext(table: "vitals", column: "weight", row: 77)

    @Test("a value opens where it was sealed", arguments: ["", "72.4 kg", "रक्तचाप 120/80 🩺"])
    func roundTrip(text: String) throws {
        let envelope = try cipher.seal(text, with: key, at: place)
        #expect(try cipher.openText(envelope, with: key, at: place) == text)
        #expect(envelope.count == text.utf8.count + FieldCipher.overhead)
    }

    @Test("the envelope is version, generation, nonce, ciphertext and tag of AES-256-GCM")
    func layout() throws {
        let scripted = FieldCipher(random: .scripted([[UInt8](100..<112)]))
        let envelope = try scripted.seal([1, 2, 3], with: key, at: place)
        #expect(Array(envelope[..<17]) == [1, 0, 0, 1, 2] + [UInt8](100..<112))
        #expect(envelope.count == 17 + 3 + 16)
        #expect(FieldCipher.generation(of: envelope) == 258)
    }

    @Test("equal values have different envelopes")
    func freshNonces() throws {
        let first = try cipher.seal("same", with: key, at: place)
        #expect(try cipher.seal("same", with: key, at: place) != first)
    }

    @Test("a change of any one bit of any byte is noticed")
    func tampering() throws {
        let envelope = try cipher.seal("HbA1c 6.1", with: key, at: place)
        for index in envelope.indices {
            for bit in 0..<8 {
                var changed = envelope
                changed[index] ^= 1 << UInt8(bit)
                #expect(throws: IntegrityFailure(place)) { try cipher.open(changed, with: key, at: place) }
            }
        }
    }

    @Test("a shortened or extended envelope is noticed")
    func lengths() throws {
        let envelope = try cipher.seal("abc", with: key, at: place)
        for count in envelope.indices {
            let cut = Array(envelope[..<count])
            #expect(throws: IntegrityFailure(place)) { try cipher.open(cut, with: key, at: place) }
        }
        #expect(throws: IntegrityFailure(place)) { try cipher.open(envelope + [0], with: key, at: place) }
    }

    @Test("a value moved to another table, column or row does not open")
    func moved() throws {
        let envelope = try cipher.seal("secret", with: key, at: place)
        let elsewhere = [
            FieldContext(table: "vital", column: "sweight", row: 77),
            FieldContext(table: "vitals", column: "height", row: 77),
            FieldContext(table: "vitals", column: "weight", row: 78),
            FieldContext(table: "vitals", column: "weight", row: 77 + 1 << 32),
            FieldContext(table: "vitals", column: "weight|77", row: 77),
            FieldContext(table: "vitals|weight", column: "", row: 77),
        ]
        for context in elsewhere {
            #expect(throws: IntegrityFailure(context)) { try cipher.open(envelope, with: key, at: context) }
        }
    }

    @Test("another key, or the right bytes under another generation, does not open")
    func otherKey() throws {
        let envelope = try cipher.seal("secret", with: key, at: place)
        let other = DataKey(generation: 258, random: .system)
        #expect(throws: IntegrityFailure(place)) { try cipher.open(envelope, with: other, at: place) }

        let material = [UInt8](0..<32)
        let first = DataKey(generation: 1, random: .scripted([material]))
        let second = DataKey(generation: 2, random: .scripted([material]))
        var claimed = try cipher.seal("secret", with: first, at: place)
        #expect(throws: IntegrityFailure(place)) { try cipher.open(claimed, with: second, at: place) }
        claimed[4] = 2
        #expect(throws: IntegrityFailure(place)) { try cipher.open(claimed, with: second, at: place) }
    }

    @Test("a failure names table, column and row, and tells the client nothing of it")
    func failure() {
        let failure = IntegrityFailure(place)
        #expect("\(failure)" == "Integrity failure at vitals.weight, row 77.")
        #expect(failure.problem.code == "DATA_INTEGRITY")
        #expect(failure.problem.kind == .fault)
        #expect(!failure.problem.message.contains("vitals"))
    }

    @Test("bytes that are no text do not open as text")
    func notText() throws {
        let envelope = try cipher.seal([0xFF, 0xFE], with: key, at: place)
        #expect(throws: IntegrityFailure(place)) { try cipher.openText(envelope, with: key, at: place) }
    }
}

@Suite("Data keys")
struct DataKeyTests {
    private let place = FieldContext(table: "patient_keys", column: "wrapped_key", row: 5)
    private let key = DataKey(generation: 3, random: .system)

    private func ring(_ ids: String...) throws -> KeyRing {
        try KeyRing(
            parsing: ids.map { "\($0):\(Base64.text(Digest.sha256(utf8($0))))" }.joined(separator: ","))
    }

    @Test("a wrapped key unwraps with the ring that wrapped it")
    func roundTrip() throws {
        let wrapped = try key.wrap(by: ring("a"), at: place, random: .system)
        #expect(try DataKey.unwrap(wrapped, generation: 3, by: ring("a"), at: place) == key)
        #expect(wrapped.count == 2 + 1 + 12 + 32 + 16)
        #expect(Array(wrapped[..<3]) == [1, 1, UInt8(ascii: "a")])
    }

    @Test("after a rotation old wraps unwrap, new wraps carry the new id, and a removed key is named")
    func rotation() throws {
        let old = try key.wrap(by: ring("old"), at: place, random: .system)
        #expect(DataKey.ringID(of: old) == "old")
        let opened = try DataKey.unwrap(old, generation: 3, by: ring("new", "old"), at: place)
        let fresh = try opened.wrap(by: ring("new", "old"), at: place, random: .system)
        #expect(DataKey.ringID(of: fresh) == "new")
        #expect(try DataKey.unwrap(fresh, generation: 3, by: ring("new"), at: place) == key)
        #expect(throws: MissingRingKey(id: "old")) {
            try DataKey.unwrap(old, generation: 3, by: ring("new"), at: place)
        }
    }

    @Test("a change of any byte, of the row or of the generation is noticed")
    func tampering() throws {
        let ring = try ring("ring-1", "ring-2")
        let wrapped = try key.wrap(by: ring, at: place, random: .system)
        for index in wrapped.indices {
            var changed = wrapped
            changed[index] ^= 0x03
            #expect(throws: (any Error).self) { try DataKey.unwrap(changed, generation: 3, by: ring, at: place) }
        }
        let neighbour = FieldContext(table: "patient_keys", column: "wrapped_key", row: 6)
        #expect(throws: IntegrityFailure(neighbour)) {
            try DataKey.unwrap(wrapped, generation: 3, by: ring, at: neighbour)
        }
        #expect(throws: IntegrityFailure(place)) { try DataKey.unwrap(wrapped, generation: 4, by: ring, at: place) }
        for count in wrapped.indices {
            #expect(throws: (any Error).self) {
                try DataKey.unwrap(Array(wrapped[..<count]), generation: 3, by: ring, at: place)
            }
        }
    }
}

@Suite("Sealed blobs")
struct SealerTests {
    private let sealer = Sealer(SecretBytes([UInt8](0..<32)), random: .system)

    @Test("a blob opens for what it was sealed for and for nothing else")
    func roundTrip() throws {
        let envelope = try sealer.seal([1, 2, 3], for: utf8("key 1"))
        #expect(try sealer.open(envelope, for: utf8("key 1")) == [1, 2, 3])
        #expect(throws: BrokenSeal()) { try sealer.open(envelope, for: utf8("key 2")) }
        let other = Sealer(SecretBytes([UInt8](1..<33)), random: .system)
        #expect(throws: BrokenSeal()) { try other.open(envelope, for: utf8("key 1")) }
    }

    @Test("a change of any byte is noticed")
    func tampering() throws {
        let envelope = try sealer.seal(utf8("answer"), for: [])
        for index in envelope.indices {
            var changed = envelope
            changed[index] ^= 0x80
            #expect(throws: BrokenSeal()) { try sealer.open(changed, for: []) }
        }
        #expect(throws: BrokenSeal()) { try sealer.open([], for: []) }
    }
}
