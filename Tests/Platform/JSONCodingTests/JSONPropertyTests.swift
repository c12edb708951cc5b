import Foundation
import JSONCoding
import Testing

@Suite("JSON properties")
struct JSONPropertyTests {
    @Test("our encoder writes what Foundation's writes, beside nulls")
    func agreesWithFoundation() throws {
        for seed in 1...1_500 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            let sample = Sample(using: &random)
            let ours = try parsed(Data(try JSONBodyEncoder.encode(sample)))
            let theirs = try parsed(JSONEncoder().encode(sample))
            try #require(ours == theirs, "seed \(seed)")
        }
    }

    @Test("what was encoded is decoded to the same value")
    func roundTrips() throws {
        for seed in 1...2_000 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            let sample = Sample(using: &random)
            let bytes = try JSONBodyEncoder.encode(sample)
            try #require(try JSONBodyDecoder.decode(Sample.self, from: bytes) == sample, "seed \(seed)")
        }
    }

    @Test("our decoder reads what Foundation's encoder writes")
    func readsFoundation() throws {
        for seed in 1...500 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            let sample = Sample(using: &random)
            let encoder = JSONEncoder()
            if random.chance(50) { encoder.outputFormatting = .prettyPrinted }
            let bytes = [UInt8](try encoder.encode(sample))
            try #require(try JSONBodyDecoder.decode(Sample.self, from: bytes) == sample, "seed \(seed)")
        }
    }

    @Test("damaged documents are read or refused, and what is read is JSON to Foundation too")
    func survivesDamage() throws {
        for seed in 1...4_000 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            var bytes = try JSONBodyEncoder.encode(Sample(using: &random))
            for _ in 0..<Int.random(in: 1...4, using: &random) { damage(&bytes, &random) }
            do {
                _ = try JSONBodyDecoder.decode(Sample.self, from: bytes)
            } catch let error as JSONSyntaxError {
                #expect((0...bytes.count).contains(error.byteOffset), "seed \(seed)")
            } catch let error as JSONDecodingFailure {
                #expect(error.fieldErrors.count == 1, "seed \(seed)")
            } catch {
                Issue.record("seed \(seed): \(error)")
            }
            if fault(bytes) == nil { #expect(isJSONToFoundation(bytes), "seed \(seed)") }
        }
    }

    @Test("a document that is cut short is refused at every length")
    func refusesPrefixes() throws {
        var random = SeededGenerator(seed: 11)
        let bytes = try JSONBodyEncoder.encode(Sample(using: &random))
        for length in 0..<bytes.count {
            #expect(fault([UInt8](bytes[..<length])) != nil, "length \(length)")
        }
    }

    private func damage(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let place = Int.random(in: 0..<max(bytes.count, 1), using: &random)
        let marks = [UInt8]("{}[],:\"\\0-.eEun \u{0}é".utf8)
        switch Int.random(in: 0..<5, using: &random) {
        case 0 where !bytes.isEmpty: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 1 where !bytes.isEmpty: bytes.remove(at: place)
        case 2 where !bytes.isEmpty: bytes.removeSubrange(place..<min(place + 9, bytes.count))
        case 3 where !bytes.isEmpty: bytes[place] = marks.randomElement(using: &random) ?? 0
        default: bytes.insert(marks.randomElement(using: &random) ?? 0, at: min(place, bytes.count))
        }
    }

    /// A number beyond a double's range is well-formed all the same: Foundation refuses it while it reads, we when it
    /// is used.
    private func isJSONToFoundation(_ bytes: [UInt8]) -> Bool {
        do {
            _ = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            return true
        } catch {
            return "\(error)".contains("is not representable")
        }
    }

    private func parsed(_ data: Data) throws -> NSObject {
        let value = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
        return stripped(value) as? NSObject ?? NSNull()
    }

    /// Members that are null are dropped; elements of lists stay, as both encoders write them.
    private func stripped(_ value: Any) -> Any {
        switch value {
        case let object as [String: Any]:
            NSDictionary(dictionary: object.filter { !($0.value is NSNull) }.mapValues(stripped))
        case let list as [Any]: NSArray(array: list.map(stripped))
        default: value
        }
    }
}
