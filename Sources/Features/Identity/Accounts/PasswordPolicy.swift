import CareSyncCore
import Cryptography
import Foundation

/// What a new password must be. Signing in asks none of this, so that older passwords keep working.
enum PasswordPolicy {
    static let lengths = 8...128

    static func rule<Root>(
        _ field: String, _ complaint: @escaping @Sendable (Root) -> String?
    ) -> Rule<Root> {
        Rule(field, .length(minimum: lengths.lowerBound, maximum: lengths.upperBound), complaint)
    }

    static func complaint(_ password: String, username: String, email: String) -> String? {
        if let complaint = complaint(password) { return complaint }
        let lower = password.lowercased()
        return [username, email].contains { $0.lowercased() == lower }
            ? "must not be the user name or the e-mail address" : nil
    }

    static func complaint(_ password: String) -> String? {
        guard lengths.contains(password.unicodeScalars.count) else {
            return "must have \(lengths.lowerBound) to \(lengths.upperBound) characters"
        }
        return isCommon(password, PasswordDictionary.system) ? "is one of the most common passwords" : nil
    }

    /// Whether it is a common guess: as written, or with the signs that replace letters turned back.
    static func isCommon(_ password: String, _ dictionary: PasswordDictionary?) -> Bool {
        let lower = password.precomposedStringWithCompatibilityMapping.lowercased()
        guard Set(lower).count > 1 else { return true }
        return readings(of: lower).contains { common.contains($0) || dictionary?.contains($0) == true }
    }

    private static func readings(of password: String) -> Set<String> {
        let likely = String(password.map { letters[$0] ?? $0 })
        return [password, likely.replacing("1", with: "l"), likely.replacing("1", with: "i")]
    }

    private static let letters: [Character: Character] = ["0": "o", "3": "e", "4": "a", "5": "s", "@": "a", "$": "s"]

    /// A password for a person to type once: 16 of 56 unambiguous symbols, 92 bits.
    static func generate(random: RandomSource) -> String {
        let symbols = Array("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789")
        var password = ""
        while password.count < 16 {
            for byte in random.bytes(16) where password.count < 16 && Int(byte) < 256 / symbols.count * symbols.count {
                password.append(symbols[Int(byte) % symbols.count])
            }
        }
        return password
    }

    /// What a dictionary of words lacks.
    private static let common: Set<String> = [
        "password", "password1", "password12", "password123", "password1234", "passw0rd", "p@ssw0rd", "p@ssword",
        "pa55word", "passwort", "12345678", "123456789", "1234567890", "0123456789", "87654321", "987654321",
        "9876543210", "11223344", "12341234", "123123123", "147258369", "1q2w3e4r", "1q2w3e4r5t", "1qaz2wsx",
        "qwertyui", "qwertyuiop", "qwerty12", "qwerty123", "qwerty1234", "qazwsxedc", "asdfghjk", "asdfghjkl",
        "zxcvbnm1", "zxcvbnm123", "abcd1234", "abc12345", "abcdefgh", "a1b2c3d4", "admin123", "admin1234",
        "administrator", "changeme", "changeme1", "letmein1", "letmein123", "welcome1", "welcome123", "iloveyou",
        "iloveyou1", "sunshine", "princess", "football", "baseball", "superman", "trustno1", "computer", "internet",
        "starwars", "whatever", "caresync", "caresync1", "caresync123", "hospital", "doctor123", "patient123",
        "india123", "krishna1", "jaishriram",
    ]
}
