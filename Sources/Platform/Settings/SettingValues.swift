package import CareSyncCore
import Foundation

/// How the texts of settings are read. Each throws a ``SettingError``.
package enum SettingValues {
    package static func choice<Value: RawRepresentable & CaseIterable>(_ text: String) throws -> Value
    where Value.RawValue == String {
        guard let value = Value(rawValue: text.lowercased()) else {
            let words = Value.allCases.map(\.rawValue)
            throw SettingError(
                "must be \(words.dropLast().joined(separator: ", ")) or \(words.last ?? ""), not '\(text)'")
        }
        return value
    }

    package static func isOn(_ text: String) throws -> Bool {
        switch text.lowercased() {
        case "on", "1", "true", "yes": true
        case "off", "0", "false", "no": false
        default: throw SettingError("must be on or off, not '\(text)'")
        }
    }

    package static func number(_ range: ClosedRange<Int>) -> (String) throws -> Int {
        { text in
            guard let number = Int(text), range.contains(number) else {
                throw SettingError(
                    "must be a whole number from \(range.lowerBound) to \(range.upperBound), not '\(text)'")
            }
            return number
        }
    }

    /// 2 to 20 digits, blanks and a plus sign: it is read out to people in an emergency.
    package static func telephone(_ text: String) throws -> String {
        let isNumber = text.utf8.allSatisfy { "0123456789+ ".utf8.contains($0) }
        guard isNumber, (2...20).contains(text.utf8.count), text.contains(where: \.isNumber) else {
            throw SettingError("must be a telephone number such as 112, not '\(text)'")
        }
        return text
    }

    /// A key that goes into a header; it is not quoted.
    package static func key(_ text: String) throws -> String {
        guard text.utf8.count <= 1024, text.utf8.allSatisfy({ (33...126).contains($0) }) else {
            throw SettingError("must have visible ASCII characters only")
        }
        return text
    }

    package static func list(_ text: String) -> [String] {
        text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    package static func networks(_ text: String) throws -> [IPNetwork] {
        try list(text).map { network in
            guard let parsed = IPNetwork(network) else {
                throw SettingError(
                    "must list networks such as 10.20.0.0/16, or addresses; '\(network)' is none, or has bits set behind "
                        + "its prefix")
            }
            return parsed
        }
    }
}
