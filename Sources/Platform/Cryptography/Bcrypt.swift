import CCrypt
import Crypto
import Foundation

/// The system's bcrypt with the 32 KiB it works in; one for each thread, because the memory is not shared.
final class Bcrypt {
    private static let size = MemoryLayout<crypt_data>.size

    private let memory: UnsafeMutableRawPointer

    init() {
        memory = .allocate(byteCount: Self.size, alignment: MemoryLayout<crypt_data>.alignment)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: Self.size)
    }

    deinit { memory.deallocate() }

    /// The hash text of a phrase without NUL, of which bcrypt sees 72 bytes.
    ///
    /// - Parameter setting: version, cost and salt such as `$2b$12$…`; a whole hash serves as the setting that made it.
    func hash(_ phrase: [UInt8], setting: String) throws -> [UInt8] {
        let text = (phrase.prefix(72) + [0]).map(CChar.init(bitPattern:))
        guard let result = crypt_rn(text, setting, memory, CInt(Self.size)) else { throw BcryptFailure() }
        return UnsafeBufferPointer(start: result, count: strlen(result)).map(UInt8.init(bitPattern:))
    }

    /// Spends the time of one hash of that cost.
    func idle(cost: Int) throws {
        _ = try hash([], setting: Self.prefix(cost) + "CCCCCCCCCCCCCCCCCCCCC.")
    }

    /// `$2b$`, cost and the 16 bytes of salt.
    static func setting(cost: Int, salt: [UInt8]) throws -> String {
        var output = [CChar](repeating: 0, count: Int(CRYPT_GENSALT_OUTPUT_SIZE))
        let made = crypt_gensalt_rn(
            "$2b$", UInt(cost), salt.map(CChar.init(bitPattern:)), CInt(salt.count), &output, CInt(output.count))
        guard made != nil else { throw BcryptFailure() }
        return String(decoding: output.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func prefix(_ cost: Int) -> String {
        "$2b$" + (cost < 10 ? "0" : "") + "\(cost)$"
    }
}

/// The library refused the setting or the system gave it no memory.
struct BcryptFailure: Error {}

/// A stored password hash, taken apart.
struct StoredHash {
    /// Written by this program: `v2:` before the hash, over a code of the password of fixed length.
    static let currentMark = "v2:"
    /// Beyond this one verification takes seconds, so a stored value could be used to block the threads.
    static let costs = 4...15

    let isImported: Bool
    let cost: Int
    /// `$2b$12$` with 22 symbols of salt and 31 of hash.
    let bcrypt: String

    /// `nil` when it is no hash that can be verified.
    init?(_ stored: String) {
        isImported = !stored.hasPrefix(Self.currentMark)
        bcrypt = isImported ? stored : String(stored.dropFirst(Self.currentMark.count))
        let symbols = Array(bcrypt.utf8)
        guard symbols.count == 60, ["$2a$", "$2b$", "$2y$"].contains(bcrypt.prefix(4)),
            symbols[6] == UInt8(ascii: "$"), symbols[7...].allSatisfy(Self.isSymbol),
            symbols[4...5].allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains),
            let cost = Int(String(decoding: symbols[4...5], as: UTF8.self)), Self.costs.contains(cost)
        else { return nil }
        self.cost = cost
    }

    /// What bcrypt sees of a password; `nil` when no password of these bytes can match.
    func phrase(for password: String) -> [UInt8]? {
        guard isImported else { return Self.phrase(for: password) }
        let raw = Array(password.utf8)
        return raw.contains(0) ? nil : raw
    }

    /// The phrase of a new hash: 64 symbols of base64, so neither the length of the password nor a NUL in it matters.
    /// One password typed on two systems may come composed or decomposed; it counts as the same.
    static func phrase(for password: String) -> [UInt8] {
        let code = HMAC<SHA384>.authenticationCode(
            for: Data(password.precomposedStringWithCanonicalMapping.utf8),
            using: SymmetricKey(data: Data("caresync password v2".utf8)))
        return Array(Data(code).base64EncodedData())
    }

    private static func isSymbol(_ symbol: UInt8) -> Bool {
        switch symbol {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}
