import COath
package import CareSyncCore
import Foundation

/// liboath failed; memory ran out.
package struct TimeCodeFailure: Error, Equatable {}

/// The six digits an authenticator app shows (RFC 6238: HMAC-SHA-1, steps of 30 s).
package struct TimeCodes: Sendable {
    package static let secretBytes = 20
    package static let digits = 6
    private static let stepSeconds: Int64 = 30
    /// How many steps a telephone's clock may be ahead or behind.
    private static let drift: Int64 = 1

    private static let library = oath_init()
    private let secret: SecretBytes

    /// - Parameter secret: 20 bytes, shared with the app.
    package init(_ secret: SecretBytes) {
        self.secret = secret
    }

    /// The number of the step a moment lies in.
    package static func step(at moment: Instant) -> Int64 { moment.seconds / stepSeconds }

    /// The code of a step.
    package func code(for step: Int64, digits: Int = digits) throws(TimeCodeFailure) -> String {
        var text = [CChar](repeating: 0, count: digits + 1)
        let bytes = secret.bytes
        let status = bytes.withUnsafeBytes { key in
            oath_totp_generate(
                key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count, time_t(step * Self.stepSeconds),
                UInt32(Self.stepSeconds), 0, UInt32(digits), &text)
        }
        guard Self.library == OATH_OK.rawValue, status == OATH_OK.rawValue else { throw TimeCodeFailure() }
        return String(decoding: text.prefix(digits).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The step whose code this is: the present one or a neighbour, and later than the last one used. `nil` when it is
    /// none of them. All are compared, each in constant time.
    package func step(of code: String, at now: Instant, after lastUsed: Int64) throws(TimeCodeFailure) -> Int64? {
        let current = Self.step(at: now)
        var found: Int64?
        for step in (current - Self.drift)...(current + Self.drift) {
            let isEqual = constantTimeEquals(Array(try self.code(for: step).utf8), Array(code.utf8))
            if isEqual, step > lastUsed { found = step }
        }
        return found
    }

    /// What the QR code of an enrolment says, which apps of every maker read.
    ///
    /// - Parameters:
    ///   - issuer: the name of the installation.
    ///   - account: a user name.
    package func uri(issuer: String, account: String) -> String {
        var components = URLComponents()
        components.scheme = "otpauth"
        components.host = "totp"
        components.path = "/\(issuer):\(account)"
        components.queryItems = [
            URLQueryItem(name: "secret", value: Base32.text(secret.bytes)), URLQueryItem(name: "issuer", value: issuer),
            URLQueryItem(name: "algorithm", value: "SHA1"), URLQueryItem(name: "digits", value: "\(Self.digits)"),
            URLQueryItem(name: "period", value: "\(Self.stepSeconds)"),
        ]
        return components.string ?? ""
    }
}
