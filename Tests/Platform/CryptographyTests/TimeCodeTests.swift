import CareSyncCore
import Testing

@testable import Cryptography

@Suite("Codes of authenticator apps")
struct TimeCodeTests {
    /// The secret of RFC 6238, appendix B, for SHA-1.
    private static let codes = TimeCodes(SecretBytes(utf8("12345678901234567890")))

    @Test(
        "the vectors of RFC 6238",
        arguments: [
            (Int64(59), "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"), (2_000_000_000, "69279037"), (20_000_000_000, "65353130"),
        ])
    func vectors(seconds: Int64, expected: String) throws {
        let step = TimeCodes.step(at: Instant(seconds: seconds))
        #expect(try Self.codes.code(for: step, digits: 8) == expected)
        #expect(try Self.codes.code(for: step) == String(expected.suffix(6)))
    }

    @Test(
        "the steps of RFC 6238",
        arguments: [(Int64(59), Int64(0x1)), (1_111_111_109, 0x23523EC), (1_111_111_111, 0x23523ED)])
    func steps(seconds: Int64, step: Int64) {
        #expect(TimeCodes.step(at: Instant(seconds: seconds)) == step)
    }

    @Test("a code counts in its step and the ones beside it, and not after its step was used")
    func window() throws {
        let now = Instant(seconds: 1_234_567_890)
        let step = TimeCodes.step(at: now)
        for offset in Int64(-3)...3 {
            let code = try Self.codes.code(for: step + offset)
            #expect(try Self.codes.step(of: code, at: now, after: 0) == (abs(offset) <= 1 ? step + offset : nil))
        }
        let code = try Self.codes.code(for: step)
        #expect(try Self.codes.step(of: code, at: now, after: step - 1) == step)
        #expect(try Self.codes.step(of: code, at: now, after: step) == nil)
        #expect(try Self.codes.step(of: code + "0", at: now, after: 0) == nil)
        #expect(try Self.codes.step(of: "", at: now, after: 0) == nil)
    }

    @Test("the address for apps names issuer, account and secret")
    func uri() {
        #expect(
            Self.codes.uri(issuer: "CareSync", account: "asha.rao")
                == "otpauth://totp/CareSync:asha.rao?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=CareSync"
                + "&algorithm=SHA1&digits=6&period=30")
    }

    @Test(
        "base32 as in RFC 4648, without padding",
        arguments: [
            ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("foobar", "MZXW6YTBOI"),
        ])
    func base32(text: String, expected: String) {
        #expect(Base32.text(utf8(text)) == expected)
    }
}
